"""
Compares `textcraftor generate` with diffusers' StableDiffusionPipeline on pipelines with random weights and of random
sizes, which diffusers writes anew each time. Guidance makes some of them so sensitive that float32 itself does not give
three digits, so both are measured against diffusers in float64: exit code 1 when ours is off by more than 1e-3, and by
more than diffusers' own float32 result.

    python test/golden/compare.py [how many] [first seed]

Needs what make.py needs.
"""

import random
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from make import randomize, tokenizer
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel

ROOT = Path(__file__).parents[2]


def random_pipeline(seed, folder):
    pick = random.Random(seed)
    groups, heads, blocks = pick.choice([2, 4]), pick.choice([1, 2, 4]), pick.choice([2, 3])
    width, context, channels, length = groups * heads, pick.choice([12, 24]), pick.choice([4, 8]), pick.choice([16, 77])
    cross = [pick.random() < 0.7 for _ in range(blocks)]
    words = tokenizer(folder / "words", length)
    scheduler = pick.choice([DDIMScheduler, PNDMScheduler])
    extra = {"clip_sample": False} if scheduler is DDIMScheduler else {"skip_prk_steps": True}
    return StableDiffusionPipeline(
        text_encoder=randomize(CLIPTextModel(CLIPTextConfig(
            vocab_size=len(words), hidden_size=context, intermediate_size=2 * context, num_attention_heads=heads,
            num_hidden_layers=pick.choice([1, 3]), max_position_embeddings=length, hidden_act=pick.choice(["gelu", "quick_gelu"]),
            bos_token_id=words.bos_token_id, eos_token_id=words.eos_token_id, pad_token_id=words.pad_token_id)), seed),
        tokenizer=words,
        unet=randomize(UNet2DConditionModel(
            sample_size=8, in_channels=channels, out_channels=channels, layers_per_block=pick.choice([1, 2]),
            block_out_channels=[width * (1 + min(i, 1)) for i in range(blocks)],
            down_block_types=["CrossAttnDownBlock2D" if c else "DownBlock2D" for c in cross],
            up_block_types=["CrossAttnUpBlock2D" if c else "UpBlock2D" for c in reversed(cross)], cross_attention_dim=context,
            attention_head_dim=heads, norm_num_groups=groups, use_linear_projection=pick.random() < 0.5), seed + 1),
        vae=randomize(AutoencoderKL(
            block_out_channels=[groups * 2] * 2, layers_per_block=1, latent_channels=channels, norm_num_groups=groups,
            down_block_types=["DownEncoderBlock2D"] * 2, up_block_types=["UpDecoderBlock2D"] * 2,
            scaling_factor=pick.choice([0.18215, 1.0])), seed + 2),
        scheduler=scheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", set_alpha_to_one=False,
                            steps_offset=1, **extra),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False)


def compare(seed, folder):
    pipe = random_pipeline(seed, folder)
    pipe.save_pretrained(folder / "model")
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config, clip_sample=False)
    pipe.set_progress_bar_config(disable=True)
    prompts, steps, guidance = ["a red cat", "a very blue square!"], 5, 7.5
    noise = torch.randn(2, pipe.unet.config.in_channels, 8, 8, generator=torch.Generator().manual_seed(seed))
    save_file({"latents": noise}, folder / "noise.safetensors")
    subprocess.run(["node", ROOT / "cli/textcraftor.mjs", "generate", "--model", folder / "model", "--steps", str(steps),
                    "--guidance", str(guidance), *(w for p in prompts for w in ("--prompt", p)), "--out", folder / "out",
                    "--latents", folder / "noise.safetensors", "--save-tensors", folder / "ours.safetensors"],
                   check=True, stdout=subprocess.DEVNULL)
    ours = load_file(folder / "ours.safetensors")["latents"]
    theirs, exact = (
        pipe.to(dtype=dtype)(prompts, num_inference_steps=steps, guidance_scale=guidance, latents=noise.to(dtype),
                             output_type="latent").images for dtype in (torch.float32, torch.float64))
    return ((ours - exact).abs().max().item(), (theirs - exact).abs().max().item(), (ours - theirs).abs().max().item())


if __name__ == "__main__":
    count, first = (int(sys.argv[i]) if len(sys.argv) > i else default for i, default in ((1, 5), (2, 0)))
    failed = False
    for seed in range(first, first + count):
        with tempfile.TemporaryDirectory() as folder, torch.no_grad():
            ours, theirs, between = compare(seed, Path(folder))
        print(f"seed {seed}: from float64 ours {ours:.1e}, diffusers {theirs:.1e}; between them {between:.1e}", flush=True)
        failed |= ours > max(1e-3, theirs)
    sys.exit(failed)
