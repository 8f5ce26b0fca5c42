import type { NamedComparison } from '../../evaluation/results.ts';
import type { Measured } from '../../evaluation/stages/register.ts';

/** A tuned encoder that was chosen on validation prompts, in the two forms in which it was judged. */
export interface JudgedEncoder {
  /** What it is called: `run tiny-20261124-030000`, `tiny@3`. */
  label: string;
  /** The diffusers folder that it was tuned for. */
  model?: string;
  /** The tuned encoder, of whose embeddings `blend` is taken in the last K steps; a UNet takes these, where one was tuned. */
  chosen: { textEncoder: string; step: number; blend: number; unet?: string; unetStep?: number };
  /**
   * What is handed out: one encoder, with `weight` of the tuned one's weights, and the UNet, in all steps. Undefined when
   * no weight was better than the original.
   */
  exported?: { textEncoder: string; step: number; weight: number; unet?: string; unetStep?: number };
  /** Both arms against the base, and one against the other, on test prompts; empty before the evaluation. */
  comparisons: NamedComparison[];
  /** How; unknown of a version whose pipeline made no pictures. */
  measured?: Measured;
}
