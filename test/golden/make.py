"""
Writes the golden files beside this script: tiny networks with random weights, their inputs, and what diffusers and
transformers compute from them in float32.

    pip install torch diffusers==0.42.1 transformers==5.24.0 safetensors
    python test/golden/make.py

Weights are rounded to float16 before anything is computed, so that a float16 file holds them exactly. Tensors are in
torch's layout. In golden.safetensors, `in.*` are inputs, `out.*` outputs and `grad.*` gradients of
sum(out * in.dout) over the outputs.
"""

import json
import shutil
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPTextModel, CLIPTokenizer

HERE = Path(__file__).parent


def randomize(model, seed):
    """Weights that make every parameter matter: no zero biases, no unit norms."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            noise = torch.randn(p.shape, generator=generator)
            if p.ndim > 1 and "embedding" not in name:
                p.copy_(noise * (p[0].numel() ** -0.5))
            elif name.endswith("weight") and "norm" in name:
                p.copy_(1 + 0.2 * noise)
            else:
                p.copy_(0.3 * noise)
            p.copy_(p.half().float())
    return model.eval()


def write(case, model, tensors):
    folder = HERE / case
    folder.mkdir()
    config = model.config if hasattr(model.config, "to_json_string") else model
    (folder / "config.json").write_text(config.to_json_string())
    save_file({name: p.detach().half().contiguous() for name, p in model.named_parameters()}, folder / "model.safetensors")
    save_file({name: t.detach().contiguous() for name, t in tensors.items()}, folder / "golden.safetensors")


def gradients(model, outputs, inputs, parameters=True):
    """`in.dout.*` and `grad.*` of sum(out * dout)."""
    generator = torch.Generator().manual_seed(99)
    douts = {name: torch.randn(out.shape, generator=generator) for name, out in outputs.items()}
    sum((outputs[name] * douts[name]).sum() for name in outputs).backward()
    found = {f"in.dout.{name}": dout for name, dout in douts.items()}
    found |= {f"grad.in.{name}": x.grad for name, x in inputs.items()}
    if parameters:
        found |= {f"grad.{name}": p.grad for name, p in model.named_parameters() if p.grad is not None}
    return found


def uniform_ids(generator, batch, length, low, high):
    return torch.randint(low, high, (batch, length), generator=generator)


def text(case, seed, eos, ids, **config):
    model = randomize(CLIPTextModel(CLIPTextConfig(bos_token_id=0, eos_token_id=eos, pad_token_id=1, **config)), seed)
    out = model(ids)
    outputs = {"hidden": out.last_hidden_state, "pooled": out.pooler_output}
    tensors = {"in.ids": ids.int(), **{f"out.{k}": v for k, v in outputs.items()}}
    write(case, model, tensors | gradients(model, outputs, {}))


def texts():
    g = torch.Generator().manual_seed(1)
    ids = uniform_ids(g, 3, 9, 3, 40)
    ids[:, 0] = 40
    ids[0, 4:], ids[1, 8], ids[2, 2:] = 41, 41, 41
    # eos_token_id 2: the end token is the largest id, as in Stable Diffusion 1.5's file.
    text("text-legacy", 11, 2, ids, vocab_size=42, hidden_size=16, intermediate_size=40, num_hidden_layers=2,
         num_attention_heads=4, max_position_embeddings=12, hidden_act="quick_gelu")
    ids = uniform_ids(g, 2, 7, 8, 30)
    ids[0, 3:], ids[1, 6] = 5, 5
    text("text-gelu", 12, 5, ids, vocab_size=31, hidden_size=12, intermediate_size=20, num_hidden_layers=3,
         num_attention_heads=3, max_position_embeddings=7, hidden_act="gelu", layer_norm_eps=1e-4)


def clip():
    config = CLIPConfig(
        projection_dim=10,
        text_config=dict(vocab_size=31, hidden_size=12, intermediate_size=20, num_hidden_layers=2, num_attention_heads=2,
                         max_position_embeddings=8, bos_token_id=29, eos_token_id=30, pad_token_id=30, hidden_act="gelu"),
        vision_config=dict(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4, image_size=13,
                           patch_size=4, hidden_act="quick_gelu"))
    model = randomize(CLIPModel(config), 13)
    g = torch.Generator().manual_seed(2)
    pixels = torch.randn(2, 3, 13, 13, generator=g, requires_grad=True)
    ids = uniform_ids(g, 2, 8, 0, 29)
    ids[0, 5:], ids[1, 7] = 30, 30
    image = model.get_image_features(pixel_values=pixels)
    text = model.get_text_features(input_ids=ids)
    image, text = (getattr(features, "pooler_output", features) for features in (image, text))
    hidden = model.vision_model(pixel_values=pixels).last_hidden_state
    tensors = {"in.pixels": pixels, "in.ids": ids.int(), "out.image": image, "out.text": text, "out.hidden": hidden,
               "out.logit_scale": model.logit_scale}
    write("clip", model, tensors | gradients(model, {"image": image}, {"pixels": pixels}, parameters=False))


def unet(case, seed, size, timesteps, with_gradients, **config):
    model = randomize(UNet2DConditionModel(sample_size=size[0], **config), seed)
    g = torch.Generator().manual_seed(seed)
    context_width = config["cross_attention_dim"]
    sample = torch.randn(2, config["in_channels"], *size, generator=g, requires_grad=True)
    context = torch.randn(2, 5, context_width, generator=g, requires_grad=True)
    timestep = torch.tensor(timesteps)
    out = model(sample, timestep, context).sample
    tensors = {"in.sample": sample, "in.timestep": timestep.float(), "in.context": context, "out.sample": out}
    if with_gradients:
        tensors |= gradients(model, {"sample": out}, {"sample": sample, "context": context})
    write(case, model, tensors)


def unets():
    unet("unet-stable-diffusion", 21, (8, 8), [981, 17], True, in_channels=4, out_channels=4, layers_per_block=1,
         block_out_channels=(8, 16), down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
         up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), cross_attention_dim=12, attention_head_dim=4,
         norm_num_groups=4)
    unet("unet-variant", 22, (6, 10), [3, 500], False, in_channels=5, out_channels=3, layers_per_block=(1, 2, 1),
         block_out_channels=(6, 6, 12), down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
         up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), cross_attention_dim=7,
         attention_head_dim=(1, 2, 3), norm_num_groups=3, norm_eps=1e-4, use_linear_projection=True,
         transformer_layers_per_block=(1, 1, 2), flip_sin_to_cos=False, freq_shift=1, downsample_padding=0)


def vae(case, seed, size, **config):
    model = randomize(AutoencoderKL(**config), seed)
    g = torch.Generator().manual_seed(seed)
    image = torch.rand(2, 3, size, size, generator=g) * 2 - 1
    posterior = model.encode(image).latent_dist
    z = torch.randn(posterior.mean.shape, generator=g, requires_grad=True)
    decoded = model.decode(z).sample
    tensors = {"in.image": image, "out.mean": posterior.mean, "out.logvar": posterior.logvar, "in.z": z, "out.image": decoded}
    write(case, model, tensors | gradients(model, {"image": decoded}, {"z": z}, parameters=False))


def vaes():
    blocks = lambda n: dict(down_block_types=("DownEncoderBlock2D",) * n, up_block_types=("UpDecoderBlock2D",) * n)
    vae("vae-stable-diffusion", 31, 16, block_out_channels=(4, 8, 8), layers_per_block=2, latent_channels=4,
        norm_num_groups=2, **blocks(3))
    vae("vae-variant", 32, 8, block_out_channels=(6, 9), layers_per_block=1, latent_channels=8, norm_num_groups=3,
        mid_block_add_attention=False, use_quant_conv=False, use_post_quant_conv=False, scaling_factor=0.5, **blocks(2))


def schedulers():
    sd = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1)
    cases = [
        DDIMScheduler(clip_sample=False, set_alpha_to_one=False, **sd),
        DDIMScheduler.from_config(PNDMScheduler(skip_prk_steps=True, **sd).config, clip_sample=False),
        DDIMScheduler(clip_sample=False, set_alpha_to_one=False, prediction_type="v_prediction", **sd),
        DDIMScheduler(clip_sample=False, num_train_timesteps=200, steps_offset=1),
        DDIMScheduler(clip_sample=False, set_alpha_to_one=False, timestep_spacing="linspace", **sd),
        DDIMScheduler(clip_sample=False, timestep_spacing="trailing", prediction_type="v_prediction", **sd),
    ]
    g = torch.Generator().manual_seed(3)
    found = []
    for scheduler in cases:
        for steps in (4, 7, 25) if scheduler.config.timestep_spacing == "leading" else (1, 3, 7, 48):
            scheduler.set_timesteps(steps)
            z, output = torch.randn(2, generator=g)
            trajectory = [z.item()]
            for t in scheduler.timesteps:
                z = scheduler.step(output, t, z).prev_sample
                trajectory.append(z.item())
            found.append(dict(config=json.loads(scheduler.to_json_string()), steps=steps, timesteps=scheduler.timesteps.tolist(),
                              output=output.item(), trajectory=trajectory))
    (HERE / "schedulers.json").write_text(json.dumps(found) + "\n")


def tokenizer(folder, length):
    """CLIP's byte-level alphabet, a few merges, the two special tokens."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [b for b in range(256) if b not in visible]
    characters = [chr(b) for b in visible] + [chr(256 + i) for i in range(len(hidden))]
    merges = ["r e", "re d</w>", "c a", "ca t</w>", "b l", "bl u", "blu e</w>"]
    words = [*characters, *(c + "</w>" for c in characters), *(m.replace(" ", "") for m in merges)]
    vocabulary = {token: i for i, token in enumerate([*words, "<|startoftext|>", "<|endoftext|>"])}
    folder.mkdir()
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n")
    return CLIPTokenizer.from_pretrained(folder, model_max_length=length)


def pipeline():
    folder = HERE / "pipeline"
    written = HERE / "tokenizer-files"
    words = tokenizer(written, 16)
    shutil.rmtree(written)
    text_config = CLIPTextConfig(vocab_size=len(words), hidden_size=12, intermediate_size=24, num_hidden_layers=2,
                                 num_attention_heads=2, max_position_embeddings=16, bos_token_id=words.bos_token_id,
                                 eos_token_id=words.eos_token_id, pad_token_id=words.pad_token_id)
    tuned = randomize(CLIPTextModel(text_config), 42)
    pipe = StableDiffusionPipeline(
        text_encoder=randomize(CLIPTextModel(text_config), 41),
        tokenizer=words,
        unet=randomize(UNet2DConditionModel(
            sample_size=8, in_channels=4, out_channels=4, layers_per_block=1, block_out_channels=(8, 16),
            down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
            cross_attention_dim=12, attention_head_dim=2, norm_num_groups=4), 43),
        vae=randomize(AutoencoderKL(block_out_channels=(4, 8), layers_per_block=1, latent_channels=4, norm_num_groups=2,
                                    down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2), 44),
        scheduler=DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False,
                                set_alpha_to_one=False, steps_offset=1),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    pipe.set_progress_bar_config(disable=True)

    prompts, negative, steps, guidance = ["a red cat", "Two BLUE squares, on the left of a cat and of many more words"], "grey", 5, 7.5
    latents = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(4))
    settings = dict(num_inference_steps=steps, guidance_scale=guidance, latents=latents)
    tensors = {"latents": latents}
    for name, extra in {"plain": {}, "negative": {"negative_prompt": [negative] * 2}, "unguided": {"guidance_scale": 1.0}}.items():
        tensors[f"out.{name}"] = pipe(prompts, **settings | extra, output_type="latent").images
    tensors["out.images"] = pipe(prompts, **settings, output_type="pt").images

    # Blended embeddings in the last two steps: w * tuned + (1 - w) * original, the empty prompt's too.
    weight, last = 0.25, 2
    original = pipe.encode_prompt(prompts, "cpu", 1, True)
    pipe.text_encoder, kept = tuned, pipe.text_encoder
    blended = [weight * t + (1 - weight) * o for t, o in zip(pipe.encode_prompt(prompts, "cpu", 1, True), original)]
    pipe.text_encoder = kept
    blended = torch.cat([blended[1], blended[0]])

    def late(_pipe, index, _t, values):
        return {**values, "prompt_embeds": blended} if index == steps - last - 1 else values

    tensors["out.blended"] = pipe(prompts, **settings, output_type="latent", callback_on_step_end=late,
                                  callback_on_step_end_tensor_inputs=["latents", "prompt_embeds"]).images
    pipe.to(dtype=torch.float16).save_pretrained(folder)
    save_file({name: t.detach().float().contiguous() for name, t in tensors.items()}, folder / "golden.safetensors")
    save_file({name: p.detach().half().contiguous() for name, p in tuned.named_parameters()}, folder / "tuned.safetensors")
    (folder / "golden.json").write_text(json.dumps(dict(prompts=prompts, negative=negative, steps=steps, guidance=guidance,
                                                        blend=weight, blendSteps=last), indent=1) + "\n")


if __name__ == "__main__":
    torch.use_deterministic_algorithms(True)
    for old in HERE.iterdir():
        if old.is_dir() and old.name != "step":  # that is make-step.py's
            shutil.rmtree(old)
    texts()
    clip()
    unets()
    vaes()
    schedulers()
    with torch.no_grad():
        pipeline()
