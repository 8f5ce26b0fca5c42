import { InferenceSession, Tensor } from 'onnxruntime-node';
import { InputError } from '../../common/errors.ts';
import { reasonOf } from '../../common/text/reason.ts';

/** A tensor in row-major order. */
export interface OnnxTensor {
  shape: readonly number[];
  data: Float32Array | Int32Array;
}

export interface OnnxSessionOptions {
  /** Threads per operator; 0 for one per core. */
  threads?: number;
}

/** A model in ONNX Runtime, on the CPU. */
export class OnnxSession {
  readonly #session: InferenceSession;

  private constructor(session: InferenceSession) {
    this.#session = session;
  }

  /** @param model a file's path or its bytes. @throws InputError if it is not a model */
  static async load(model: string | Uint8Array, { threads = 0 }: OnnxSessionOptions = {}): Promise<OnnxSession> {
    const options: InferenceSession.SessionOptions = {
      intraOpNumThreads: threads,
      // Errors are thrown; warnings about single constants help nobody.
      logSeverityLevel: 3,
      // Idle threads leave the core to others instead of spinning.
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    };
    const session =
      typeof model === 'string' ? InferenceSession.create(model, options) : InferenceSession.create(model, options);
    return new OnnxSession(
      await session.catch((error: Error) => {
        throw new InputError(
          `ONNX Runtime does not accept ${typeof model === 'string' ? model : 'the model'}: ${reasonOf(error)}`,
        );
      }),
    );
  }

  get inputs(): readonly string[] {
    return this.#session.inputNames;
  }
  get outputs(): readonly string[] {
    return this.#session.outputNames;
  }

  async run(inputs: Readonly<Record<string, OnnxTensor>>): Promise<Record<string, OnnxTensor>> {
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([name, { shape, data }]) => [
        name,
        data instanceof Int32Array ? new Tensor('int32', data, shape) : new Tensor('float32', data, shape),
      ]),
    );
    const results = await this.#session.run(feeds);
    return Object.fromEntries(
      Object.entries(results).map(([name, { dims, data }]) => [
        name,
        { shape: dims, data: data as OnnxTensor['data'] },
      ]),
    );
  }

  /** Frees the model. */
  async dispose(): Promise<void> {
    await this.#session.release();
  }
}
