"""
Runs the training step that `npm run bench` measures in torch with diffusers and transformers.

    python step.py SPECIFICATION.json    prints one JSON object; see bench/specification.ts for both

Everything matches the measured step of this project: both guidance branches in one batch, the first steps under the
original encoder without gradient, AdamW with clipping. Attention and AdamW are torch's fused ones.
"""

import time

begin = time.perf_counter()
import json
import resource
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import CLIPModel, CLIPTextModel, CLIPTokenizer

imported = time.perf_counter()
MEAN, STD = torch.tensor([0.48145466, 0.4578275, 0.40821073]), torch.tensor([0.26862954, 0.26130258, 0.27577711])


def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def pad(words, texts):
    return words(texts, padding="max_length", max_length=words.model_max_length, truncation=True, return_tensors="pt").input_ids


def unit(x):
    x = getattr(x, "pooler_output", x)
    return x / x.norm(dim=-1, keepdim=True)


class Rewards:
    """clip-similarity, pickscore and aesthetic; a model that several of them share is loaded and run once."""

    def __init__(self, specs):
        self.specs = specs
        self.models = {m: CLIPModel.from_pretrained(m, dtype=torch.float32).eval().requires_grad_(False) for m in {s["model"] for s in specs}}
        self.words = {m: CLIPTokenizer.from_pretrained(m) for m in self.models}
        self.heads = {s["name"]: {k: v.float() for k, v in load_file(s["head"]).items()} for s in specs if s.get("head")}
        self.bounded = {n: self.is_bounded(s["head"]) for s in specs if (n := s["name"]) in self.heads}

    @staticmethod
    def is_bounded(path):
        with safe_open(path, "pt") as file:
            return (file.metadata() or {}).get("bounded") == "true"

    def prompt_features(self, prompts):
        readers = {s["model"] for s in self.specs if not s.get("head")}
        with torch.no_grad():
            return {m: unit(self.models[m].get_text_features(input_ids=pad(self.words[m], prompts))) for m in readers}

    def head(self, name, x):
        weights = self.heads[name]
        layers = sorted({key.rpartition(".")[0] for key in weights}, key=lambda k: int(k.split(".")[1]) if k else 0)
        relu = layers == [f"layers.{i}" for i in (0, 3, 6, 9, 11)]
        for layer in layers:
            if relu and layer != layers[0]:
                x = x.relu()
            prefix = f"{layer}." if layer else ""
            x = torch.nn.functional.linear(x, weights[f"{prefix}weight"], weights[f"{prefix}bias"])
        x = x[:, 0]
        return x.sigmoid() * 9 + 1 if self.bounded[name] else x

    def __call__(self, image, features):
        seen = {}
        for folder, model in self.models.items():
            size = model.config.vision_config.image_size
            pixels = image
            if image.shape[2] != size:
                pixels = torch.nn.functional.interpolate(image, size=(size, size), mode="bicubic", antialias=True, align_corners=False)
            pixels = (pixels - MEAN[:, None, None]) / STD[:, None, None]
            seen[folder] = unit(model.get_image_features(pixel_values=pixels))
        scores = {}
        for s in self.specs:
            x = seen[s["model"]]
            if s.get("head"):
                scores[s["name"]] = self.head(s["name"], x)
            else:
                cosine = (x * features[s["model"]]).sum(-1)
                scores[s["name"]] = cosine * self.models[s["model"]].logit_scale.exp() if s["type"] == "pickscore" else cosine
        return scores


class Step:
    def __init__(self, spec):
        self.spec = spec
        folder = Path(spec["model"])
        self.words = CLIPTokenizer.from_pretrained(folder / "tokenizer")
        self.encoder = CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32).eval()
        self.original = CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32).eval().requires_grad_(False)
        self.unet = UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32).requires_grad_(False)
        self.vae = AutoencoderKL.from_pretrained(folder / "vae", torch_dtype=torch.float32).requires_grad_(False)
        self.vae.encoder = None
        if spec["checkpointing"]:
            # Training mode switches diffusers' checkpointing on; neither network has dropout.
            self.unet.train().enable_gradient_checkpointing()
            self.vae.train().enable_gradient_checkpointing()
        else:
            self.unet.eval(), self.vae.eval()
        if spec["channelsLast"]:
            self.unet.to(memory_format=torch.channels_last), self.vae.to(memory_format=torch.channels_last)
        self.rewards = Rewards(spec["rewards"])
        scheduler = DDIMScheduler.from_pretrained(folder / "scheduler")
        self.scheduler = DDIMScheduler.from_config(scheduler.config, clip_sample=False)
        self.scheduler.set_timesteps(spec["steps"])
        self.parameters = list(self.encoder.parameters())
        self.optimizer = torch.optim.AdamW(self.parameters, lr=spec["learningRate"], weight_decay=0.01, fused=True)
        self.latents = load_file(spec["latents"])["latents"]

    def embeddings(self, encoder):
        batch = len(self.spec["prompts"])
        hidden = encoder(pad(self.words, [*self.spec["prompts"], ""])).last_hidden_state
        return torch.cat([hidden[-1:].expand(batch, -1, -1), hidden[:-1]])

    def denoise(self, z, t, context):
        free, given = self.unet(torch.cat([z, z]), t, context).sample.chunk(2)
        return self.scheduler.step(free + self.spec["guidance"] * (given - free), t, z, eta=0.0).prev_sample

    def __call__(self, apply=True):
        spec = self.spec
        until = spec["steps"] - spec["gradSteps"]
        z = self.latents
        if not spec["fromRollout"]:
            with torch.no_grad():
                context = self.embeddings(self.original)
                for t in self.scheduler.timesteps[:until]:
                    z = self.denoise(z, t, context)
        context = self.embeddings(self.encoder)
        for t in self.scheduler.timesteps[until:]:
            z = self.denoise(z, t, context)
        image = (self.vae.decode(z / self.vae.config.scaling_factor).sample / 2 + 0.5).clamp(0, 1)
        scores = self.rewards(image, self.rewards.prompt_features(spec["prompts"]))
        loss = -sum(s["weight"] * scores[s["name"]] for s in spec["rewards"]).mean()
        loss.backward()
        if apply:
            norm = torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
            assert norm.isfinite()
        return loss, scores

    def tensors(self):
        """Returns loss, rewards and gradients under the names of `textcraftor step`."""
        loss, scores = self(apply=False)
        found = {"loss": loss.reshape(1), **{f"reward.{n}": s for n, s in scores.items()}}
        found |= {f"grad.{n}": torch.zeros_like(p) if p.grad is None else p.grad for n, p in self.encoder.named_parameters()}
        return {n: t.detach().contiguous() for n, t in found.items()}


def main(spec):
    torch.set_num_threads(spec["threads"])
    step = Step(spec)
    loaded = time.perf_counter()
    if spec["saveTensors"]:
        save_file(step.tensors(), spec["saveTensors"])
        return {"peakBytes": peak_bytes()}
    seconds = []
    for _ in range(spec["repeats"] + 1):
        start, cpu = time.perf_counter(), time.process_time()
        loss, _ = step()
        seconds.append({"wall": time.perf_counter() - start, "cpu": time.process_time() - cpu, "loss": loss.item()})
    return {
        "startUp": {"import": imported - begin, "load": loaded - imported, "compile": 0},
        "first": seconds[0], "steps": seconds[1:], "peakBytes": peak_bytes()}


if __name__ == "__main__":
    print(json.dumps(main(json.loads(Path(sys.argv[1]).read_text()))))
