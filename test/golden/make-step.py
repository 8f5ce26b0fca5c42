"""
One training step of the text encoder or of the UNet by torch's autograd, on random tiny Stable Diffusion pipelines and
rewards.

    pip install torch==2.15.0 diffusers==0.42.1 transformers==5.24.0 safetensors
    python test/golden/make-step.py                   writes the golden files in step/
    python test/golden/make-step.py schedulers        writes step/golden-schedulers.safetensors, of what is there
    python test/golden/make-step.py compare [NAME..]  runs `textcraftor step` on other architectures, prints differences

Weights are rounded to float16 before anything is computed, so that a float16 file holds them exactly. In
golden.safetensors: `loss` [1], `reward.NAME` [B], `grad.PARAMETER`, all computed in float32. golden-unet.safetensors has
the UNet's gradients at the same point, golden-frozen.safetensors those of its middle where the last K steps see the encoder of
tuned.safetensors. golden-schedulers.safetensors has loss, rewards and some of the gradients of both networks under the
keys of schedulers.json in the scheduler's file, by the name of the case.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import torch
from diffusers import AutoencoderKL, DDIMScheduler, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from make import HERE, randomize, tokenizer
from safetensors.torch import load_file, save_file
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPTextModel, CLIPTokenizer
from transformers.utils import logging

PROMPTS = ["a red cat", "two Blue squares, on the left of a cat and of many more words", "blue"]
MEAN, STD = torch.tensor([0.48145466, 0.4578275, 0.40821073]), torch.tensor([0.26862954, 0.26130258, 0.27577711])
SCHEDULE = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", set_alpha_to_one=False, steps_offset=1)


def ddim(**extra):
    return DDIMScheduler(clip_sample=False, **SCHEDULE, **extra)


def tower(width, heads, layers, act="quick_gelu", **extra):
    return dict(hidden_size=width, intermediate_size=2 * width + 4, num_attention_heads=heads, num_hidden_layers=layers, hidden_act=act, **extra)


def unet(cross, widths, context, heads, groups, channels=4, layers=1, **extra):
    """`cross` says of each block, from the full size down, whether it attends to the prompt."""
    return dict(
        sample_size=8, in_channels=channels, out_channels=channels, layers_per_block=layers, block_out_channels=widths,
        down_block_types=["CrossAttnDownBlock2D" if c else "DownBlock2D" for c in cross],
        up_block_types=["CrossAttnUpBlock2D" if c else "UpBlock2D" for c in reversed(cross)],
        cross_attention_dim=context, attention_head_dim=heads, norm_num_groups=groups, **extra)


def vae(widths, groups, channels=4, layers=1, **extra):
    blocks = len(widths)
    return dict(block_out_channels=widths, layers_per_block=layers, latent_channels=channels, norm_num_groups=groups,
                down_block_types=["DownEncoderBlock2D"] * blocks, up_block_types=["UpDecoderBlock2D"] * blocks, **extra)


def case(seed, *, text, unet, vae, clip, scheduler=None, length=16, batch=2, size=(6, 6), steps=4, grad_steps=2, guidance=7.5):
    return SimpleNamespace(seed=seed, text=text, unet=unet, vae=vae, clip=clip, scheduler=scheduler or ddim(), length=length,
                           batch=batch, size=size, steps=steps, grad_steps=grad_steps, guidance=guidance)


# The picture of the golden case is 24 x 24; its rewards read 16 x 16.
GOLDEN = case(
    1, text=tower(16, 4, 2), unet=unet([True, False], [8, 12], 16, 2, 4), vae=vae([4, 4, 8], 2),
    clip=dict(projection_dim=10, length=12, text=tower(12, 2, 2), vision=tower(12, 3, 2, image_size=16, patch_size=4)))

# Keys of the scheduler's file that replace its own.
SCHEDULERS = {
    "sample": dict(prediction_type="sample"),
    "zero snr": dict(rescale_betas_zero_snr=True, prediction_type="v_prediction", timestep_spacing="trailing"),
    "zero snr, sample": dict(rescale_betas_zero_snr=True, prediction_type="sample", timestep_spacing="trailing"),
    "cosine": dict(beta_schedule="squaredcos_cap_v2"),
    "cosine, v": dict(beta_schedule="squaredcos_cap_v2", prediction_type="v_prediction"),
}
# The first and last parameter of each network on the gradient's way.
SOME = ("text_encoder.embeddings.position", "text_encoder.encoder.layers.0.self_attn.v_proj", "text_encoder.encoder.layers.1.mlp.fc2",
        "text_encoder.final_layer_norm", "unet.time_embedding.linear_2", "unet.mid_block.resnets.1.conv2", "unet.conv_out")

OTHERS = {
    "gelu, linear projections, 3 blocks, v-prediction, batch 3, K = T = 5": case(
        2, text=tower(24, 3, 3, "gelu", layer_norm_eps=1e-6),
        unet=unet([False, True, True], [6, 12, 12], 24, [1, 2, 3], 3, layers=2, use_linear_projection=True,
                  transformer_layers_per_block=[1, 1, 2]),
        vae=vae([6, 6], 3, layers=2), scheduler=ddim(prediction_type="v_prediction"),
        clip=dict(projection_dim=24, length=16, text=tower(20, 5, 1, "gelu"), vision=tower(16, 2, 3, "gelu", image_size=20, patch_size=5)),
        batch=3, size=(8, 8), steps=5, grad_steps=5),
    "8 latent channels, batch 1, K = 1, plain VAE, larger reward picture": case(
        3, text=tower(8, 1, 1), unet=unet([True], [16], 8, 4, 8, channels=8),
        vae=vae([8, 8], 4, channels=8, mid_block_add_attention=False, use_quant_conv=False, use_post_quant_conv=False, scaling_factor=0.8),
        clip=dict(projection_dim=6, length=16, text=tower(8, 2, 1), vision=tower(8, 1, 1, image_size=28, patch_size=7)),
        batch=1, size=(8, 8), steps=3, grad_steps=1),
    "eos_token_id 2, PNDM folder, context 77, wider": case(
        4, text=tower(32, 8, 4), unet=unet([True, True, False], [16, 32, 32], 32, 4, 8), vae=vae([8, 16, 16], 8),
        clip=dict(projection_dim=32, length=77, eos=2, text=tower(32, 4, 3), vision=tower(32, 4, 3, image_size=24, patch_size=8)),
        scheduler=PNDMScheduler(skip_prk_steps=True, **SCHEDULE), length=77, size=(8, 8), steps=6, grad_steps=3),
    "latents of 6 x 10: the center of the picture": case(
        5, text=tower(12, 2, 2), unet=unet([True, True], [8, 8], 12, 4, 2, downsample_padding=1), vae=vae([4, 8], 4),
        clip=dict(projection_dim=10, length=16, text=tower(12, 2, 1), vision=tower(12, 3, 1, image_size=9, patch_size=3)),
        size=(6, 10), grad_steps=4),
    "odd latents of 7 x 7, no scaling, linear noise schedule": case(
        6, text=tower(20, 2, 2, "gelu"), unet=unet([True, True], [10, 20], 20, 5, 5), vae=vae([10, 10], 5, scaling_factor=1.0),
        clip=dict(projection_dim=16, length=10, text=tower(16, 4, 2), vision=tower(24, 3, 2, image_size=14, patch_size=7)),
        scheduler=DDIMScheduler(clip_sample=False, num_train_timesteps=500), size=(7, 7), steps=7, grad_steps=2, guidance=3.0),
    "without guidance": case(
        7, text=tower(16, 2, 2), unet=unet([True, False], [8, 8], 16, 2, 4), vae=vae([4, 4], 2),
        clip=dict(projection_dim=8, length=16, text=tower(8, 2, 1), vision=tower(8, 2, 1, image_size=16, patch_size=8)),
        guidance=1.0),
}


def write(c, folder):
    """The pipeline, the rewards, the prompts and the start noise."""
    written = folder / "words"
    words = tokenizer(written, c.length)
    ids = dict(vocab_size=len(words), bos_token_id=words.bos_token_id, eos_token_id=words.eos_token_id, pad_token_id=words.pad_token_id)
    decoder = randomize(AutoencoderKL(**c.vae), 10 * c.seed + 2)
    with torch.no_grad():  # pictures within the range, so that the clamp cuts nothing off
        decoder.decoder.conv_out.weight.mul_(0.125)
        decoder.decoder.conv_out.bias.mul_(0.125)
    StableDiffusionPipeline(
        text_encoder=randomize(CLIPTextModel(CLIPTextConfig(max_position_embeddings=c.length, **c.text, **ids)), 10 * c.seed),
        tokenizer=words, unet=randomize(UNet2DConditionModel(**c.unet), 10 * c.seed + 1), vae=decoder, scheduler=c.scheduler,
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    ).to(dtype=torch.float16).save_pretrained(folder / "model")

    shutil.rmtree(written)
    clip_words = tokenizer(written, c.clip["length"])
    ids["eos_token_id"] = c.clip.get("eos", words.eos_token_id)
    clip = CLIPModel(CLIPConfig(
        projection_dim=c.clip["projection_dim"], vision_config=c.clip["vision"],
        text_config=dict(max_position_embeddings=c.clip["length"], **c.clip["text"], **ids)))
    randomize(clip, 10 * c.seed + 3).half().save_pretrained(folder / "clip")
    clip_words.save_pretrained(folder / "clip")
    shutil.rmtree(written)

    g = torch.Generator().manual_seed(10 * c.seed + 4)
    head = {"weight": torch.randn(1, c.clip["projection_dim"], generator=g), "bias": torch.randn(1, generator=g)}
    save_file(head, folder / "head.safetensors")
    save_file({"latents": torch.randn(c.batch, c.unet["in_channels"], *c.size, generator=g)}, folder / "latents.safetensors")
    (folder / "prompts.txt").write_text("\n".join(PROMPTS[: c.batch]) + "\n")
    (folder / "rewards.yaml").write_text(
        "rewards:\n"
        "  - { name: clip, type: clip-similarity, model: clip, weight: 100 }\n"
        "  - { name: aesthetic, type: aesthetic, model: clip, head: head.safetensors, weight: 1 }\n")


def square(image, size):
    """transformers' CLIPImageProcessor on tensors: the shorter side becomes `size`, the center is kept."""
    h, w = image.shape[2:]
    h, w = size * h // min(h, w), size * w // min(h, w)
    image = torch.nn.functional.interpolate(image, size=(h, w), mode="bicubic", antialias=True, align_corners=False)
    top, left = (h - size) // 2, (w - size) // 2
    return image[:, :, top : top + size, left : left + size]


def unit(x):
    x = getattr(x, "pooler_output", x)
    return x / x.norm(dim=-1, keepdim=True)


def reference(c, folder, dtype, train="encoder", tuned=None, **scheduler_keys):
    """The expected output of `textcraftor step`, and the range of the pictures. `tuned` is the encoder of the last K steps."""
    pipe = StableDiffusionPipeline.from_pretrained(folder / "model", torch_dtype=dtype, safety_checker=None)
    clip = CLIPModel.from_pretrained(folder / "clip", dtype=dtype).eval().requires_grad_(False)
    head = {k: v.to(dtype) for k, v in load_file(folder / "head.safetensors").items()}
    for network in (pipe.unet, pipe.vae, pipe.text_encoder):
        network.eval().requires_grad_(False)
    encoder = pipe.text_encoder
    networks = dict(encoder={"": encoder}, unet={"": pipe.unet}, joint={"text_encoder.": encoder, "unet.": pipe.unet})[train]
    trained = {prefix + name: p for prefix, network in networks.items() for name, p in network.requires_grad_(True).named_parameters()}
    prompts = (folder / "prompts.txt").read_text().splitlines()

    def ids(words, texts):
        return words(texts, padding="max_length", max_length=words.model_max_length, truncation=True, return_tensors="pt").input_ids

    def embeddings():
        return [encoder(ids(pipe.tokenizer, texts)).last_hidden_state for texts in ([""] * c.batch, prompts)]

    scheduler = DDIMScheduler.from_config({**pipe.scheduler.config, **scheduler_keys}, clip_sample=False)  # as StableDiffusionPipeline has it
    scheduler.set_timesteps(c.steps)
    z = load_file(folder / "latents.safetensors")["latents"].to(dtype)
    for i, t in enumerate(scheduler.timesteps):
        if tuned and i == c.steps - c.grad_steps:
            encoder.load_state_dict({name: value.to(dtype) for name, value in tuned.items()})
        with torch.set_grad_enabled(i >= c.steps - c.grad_steps):
            without, given = embeddings()
            eps = pipe.unet(z, t, given).sample
            if c.guidance > 1:
                free = pipe.unet(z, t, without).sample
                eps = free + c.guidance * (eps - free)
            z = scheduler.step(eps, t, z, eta=0.0).prev_sample
    image = pipe.vae.decode(z / pipe.vae.config.scaling_factor).sample / 2 + 0.5
    pixels = square(image.clamp(0, 1), clip.config.vision_config.image_size)
    pixels = (pixels - MEAN.to(dtype)[:, None, None]) / STD.to(dtype)[:, None, None]

    words = CLIPTokenizer.from_pretrained(folder / "clip")
    seen = unit(clip.get_image_features(pixel_values=pixels))
    rewards = {
        "clip": (seen * unit(clip.get_text_features(input_ids=ids(words, prompts)))).sum(-1),
        "aesthetic": (seen @ head["weight"].T + head["bias"])[:, 0],
    }
    loss = -(100 * rewards["clip"] + rewards["aesthetic"]).mean()
    loss.backward()
    tensors = {"loss": loss.reshape(1), **{f"reward.{name}": scores for name, scores in rewards.items()}}
    tensors |= {f"grad.{name}": torch.zeros_like(p) if p.grad is None else p.grad for name, p in trained.items()}
    return {name: t.detach().contiguous() for name, t in tensors.items()}, (image.min().item(), image.max().item())


def schedulers(folder):
    """Writes the steps under other schedulers."""
    written = {}
    for name, keys in SCHEDULERS.items():
        tensors, limits = reference(GOLDEN, folder, torch.float32, "joint", **keys)
        assert 0 < limits[0] and limits[1] < 1, (name, limits)
        exact, _ = reference(GOLDEN, folder, torch.float64, "joint", **keys)
        print(name, limits, "float32 from float64:", differences(tensors, exact))
        own = {n: t for n, t in tensors.items() if not n.startswith("grad.") or n.removeprefix("grad.").startswith(SOME)}
        written |= {f"{name}: {n}": t for n, t in own.items()}
    save_file(written, folder / "golden-schedulers.safetensors")
    (folder / "schedulers.json").write_text(json.dumps(SCHEDULERS) + "\n")


def differences(ours, theirs):
    """
    The largest relative difference of rewards and loss, and that of gradients: norm of the difference over the norm of
    the gradient, a parameter at a time. A key's bias shifts all scores of a query alike, so that its gradient is zero
    but for rounding: its measure is the largest gradient's norm.
    """
    assert ours.keys() == theirs.keys(), ours.keys() ^ theirs.keys()
    values = max(((ours[n] - t).abs() / t.abs()).max().item() for n, t in theirs.items() if not n.startswith("grad."))
    norms = {n: t.double().norm().item() for n, t in theirs.items() if n.startswith("grad.")}
    found = {n: (ours[n].double() - theirs[n]).norm().item() / (max(norms.values()) if n.endswith("k_proj.bias") else norm)
             for n, norm in norms.items()}
    worst = max(found, key=found.get)
    return values, found[worst], worst


def compare(name, c, folder, train):
    write(c, folder)
    theirs, limits = reference(c, folder, torch.float32, train)
    exact, _ = reference(c, folder, torch.float64, train)
    run = ["node", HERE.parents[1] / "cli/textcraftor.mjs", "step", "--steps", str(c.steps), "--grad-steps", str(c.grad_steps), "--guidance", str(c.guidance), "--train", train]
    for option, path in dict(model="model", rewards="rewards.yaml", prompts="prompts.txt", latents="latents.safetensors").items():
        run += [f"--{option}", folder / path]
    subprocess.run([*run, "--save-tensors", folder / "ours.safetensors"], check=True, stdout=subprocess.DEVNULL)
    ours = load_file(folder / "ours.safetensors")
    rows = {"torch": differences(ours, theirs), "float64": differences(ours, exact), "torch float64": differences(theirs, exact)}
    print(f"{name}, {train}\n  pictures {limits[0]:.2f} .. {limits[1]:.2f}, loss {theirs['loss'].item():.3f}")
    for against, (values, gradients, worst) in rows.items():
        print(f"  {against:14s} values {values:.1e}  gradients {gradients:.1e} ({worst})", flush=True)


if __name__ == "__main__":
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)
    if sys.argv[1:] == ["schedulers"]:
        schedulers(HERE / "step")
    elif sys.argv[1:2] == ["compare"]:
        for name, c in {"golden": GOLDEN, **OTHERS}.items():
            if not sys.argv[2:] or any(part in name for part in sys.argv[2:]):
                for train in ("encoder", "unet", "joint"):
                    with tempfile.TemporaryDirectory() as folder:
                        compare(name, c, Path(folder), train)
    else:
        folder = HERE / "step"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        write(GOLDEN, folder)
        tensors, limits = reference(GOLDEN, folder, torch.float32)
        assert 0 < limits[0] and limits[1] < 1, limits
        save_file(tensors, folder / "golden.safetensors")
        save_file(reference(GOLDEN, folder, torch.float32, "unet")[0], folder / "golden-unet.safetensors")
        # The encoder has another seed: far from the original, so that a mix-up is noticed.
        tuned = CLIPTextModel.from_pretrained(folder / "model/text_encoder", dtype=torch.float32)
        tuned = {name: value.half() for name, value in randomize(tuned, 10 * GOLDEN.seed + 5).state_dict().items()}
        save_file(tuned, folder / "tuned.safetensors")
        frozen, _ = reference(GOLDEN, folder, torch.float32, "unet", tuned)
        save_file({n: t for n, t in frozen.items() if not n.startswith("grad.") or "mid_block" in n}, folder / "golden-frozen.safetensors")
        settings = dict(steps=GOLDEN.steps, gradSteps=GOLDEN.grad_steps, guidance=GOLDEN.guidance)
        (folder / "golden.json").write_text(json.dumps(settings) + "\n")
        schedulers(folder)
