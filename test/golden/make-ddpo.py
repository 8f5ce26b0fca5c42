"""
Writes ddpo.safetensors beside this script: two denoising steps with eta 1 of the pipeline in step/model as actions of a
Gaussian policy, by diffusers' DDIMScheduler, and the gradient of PPO's clipped objective by torch's autograd.

    pip install torch==2.15.0 diffusers==0.42.1 transformers==5.24.0 safetensors
    python test/golden/make-ddpo.py

`z.K` and `next.K` [B, C, h, w] are where step K begins and ends, `log.K` [B] the log-probability (averaged over the
values of the latents) under the pipeline, `old.K` [B] that of the policy which acted; `advantages` [B], `loss` [1];
`grad.text_encoder.NAME` and `grad.unet.NAME` the gradients.
"""

import json
import math
from pathlib import Path

import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline
from safetensors.torch import load_file, save_file

HERE = Path(__file__).parent
STEP = HERE / "step"
RANGE = 0.1
ADVANTAGES = torch.tensor([1.3, -0.7])
# The log-ratio of new to old: within the range, beyond it in the advantage's direction, and beyond it in the other.
OFFSETS = torch.tensor([[0.05, 0.2], [0.3, -0.02]])

settings = json.loads((STEP / "golden.json").read_text())
torch.use_deterministic_algorithms(True)
torch.manual_seed(0)
pipe = StableDiffusionPipeline.from_pretrained(STEP / "model", torch_dtype=torch.float32, safety_checker=None)
scheduler = DDIMScheduler.from_config(pipe.scheduler.config, clip_sample=False)
scheduler.set_timesteps(settings["steps"])
prompts = (STEP / "prompts.txt").read_text().splitlines()


def embeddings(texts):
    words = pipe.tokenizer
    ids = words(texts, padding="max_length", max_length=words.model_max_length, truncation=True, return_tensors="pt")
    return pipe.text_encoder(ids.input_ids).last_hidden_state


def epsilon(z, t):
    free = pipe.unet(z, t, embeddings([""] * len(prompts))).sample
    return free + settings["guidance"] * (pipe.unet(z, t, embeddings(prompts)).sample - free)


def mean_and_sigma(z, t):
    zero = torch.zeros_like(z)
    mean = scheduler.step(epsilon(z, t), t, z, eta=1.0, variance_noise=zero).prev_sample
    previous = t - scheduler.config.num_train_timesteps // settings["steps"]
    return mean, scheduler._get_variance(t, previous) ** 0.5


def log_probability(next, mean, sigma):
    square = ((next - mean) ** 2).mean(dim=(1, 2, 3))
    return -square / (2 * sigma**2) - torch.log(sigma) - math.log(math.sqrt(2 * math.pi))


with torch.no_grad():
    z = load_file(STEP / "latents.safetensors")["latents"].float()
    K = settings["gradSteps"]
    for t in scheduler.timesteps[:-K]:
        z = scheduler.step(epsilon(z, t), t, z, eta=0.0).prev_sample
    tensors, actions = {"advantages": ADVANTAGES}, []
    for k, t in enumerate(scheduler.timesteps[-K:]):
        mean, sigma = mean_and_sigma(z, t)
        next = mean + sigma * torch.randn(mean.shape)
        log = log_probability(next, mean, sigma)
        actions.append((t, z, next, log - OFFSETS[k]))
        tensors |= {f"z.{k}": z, f"next.{k}": next, f"log.{k}": log, f"old.{k}": actions[-1][3]}
        z = next

loss = 0
for t, z, next, old in actions:
    mean, sigma = mean_and_sigma(z, t)
    ratio = torch.exp(log_probability(next, mean, sigma) - old)
    clipped = torch.clamp(ratio, 1 - RANGE, 1 + RANGE)
    loss = loss + torch.maximum(-ADVANTAGES * ratio, -ADVANTAGES * clipped).mean() / K
loss.backward()
tensors["loss"] = loss.detach().reshape(1)
for part in ("text_encoder", "unet"):
    tensors |= {f"grad.{part}.{name}": p.grad for name, p in getattr(pipe, part).named_parameters() if p.grad is not None}
save_file({name: t.detach().clone().contiguous() for name, t in tensors.items()}, HERE / "ddpo.safetensors")
