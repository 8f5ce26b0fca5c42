"""The expected numbers of rewards.test.ts, by torch and transformers in double precision.

Usage: python make-golden.py FOLDER, where FOLDER was written by writeSmallClip and writeHead.
"""
import sys

import numpy as np
import torch
from safetensors.torch import load_file
from torch.nn import functional as F
from transformers import CLIPModel, CLIPTokenizer

folder = sys.argv[1]
model = CLIPModel.from_pretrained(folder, attn_implementation="eager").eval().double()
prompts = ["a photo of a small red circle", "two blue dogs"]
ids = CLIPTokenizer.from_pretrained(folder)(prompts, padding="max_length", max_length=20, return_tensors="pt").input_ids
mean = torch.tensor([0.48145466, 0.4578275, 0.40821073], dtype=torch.double)[:, None, None]
std = torch.tensor([0.26862954, 0.26130258, 0.27577711], dtype=torch.double)[:, None, None]


def pictures(h, w):
    b, y, x, c = np.meshgrid(np.arange(2), np.arange(h), np.arange(w), np.arange(3), indexing="ij")
    return torch.tensor(((x * 7 + y * 13 + c * 29 + b * 31 + (x * y) % 5 * 11) % 97 / 96)).permute(0, 3, 1, 2)


def resize(image, h, w):
    return F.interpolate(image, size=(h, w), mode="bicubic", antialias=True)


def crop(image, size=8):
    h, w = image.shape[2:]
    image = resize(image, int(h * size / min(h, w)), int(w * size / min(h, w)))
    top, left = (round((n - size) / 2) for n in image.shape[2:])
    return (image[:, :, top : top + size, left : left + size] - mean) / std


def pad(image, size=8):
    h, w = (round(n * size / max(image.shape[2:])) for n in image.shape[2:])
    image = resize(image, h, w)
    left, top = (size - w) // 2, (size - h) // 2
    return (F.pad(image, [left, size - w - left, top, size - h - top]) - mean) / std


def unit(x):
    return x / x.norm(dim=-1, keepdim=True)


def image_embedding(pixels):
    return unit(model.get_image_features(pixel_values=pixels).pooler_output)


text_embedding = unit(model.get_text_features(input_ids=ids).pooler_output)
image = pictures(10, 14).requires_grad_()
clip = (image_embedding(crop(image)) * text_embedding).sum(-1)
clip.sum().backward()
g = image.grad
expected = {
    "clip": clip,
    "gradient": torch.stack([g.sum(), g.abs().sum(), g[0, 0, 0, 3], g[1, 2, 9, 13], g[0, 1, 5, 7]]),
    "pickscore": clip * model.logit_scale.exp(),
    "hpsv2": 100 * (image_embedding(pad(image)) * text_embedding).sum(-1),
}
for name in ["v1", "v2", "relu"]:
    head = {key: value.double() for key, value in load_file(f"{folder}/{name}.safetensors").items()}
    numbers = sorted({int(key.split(".")[1]) for key in head if key.startswith("layers")})
    x = image_embedding(crop(image))
    for i, prefix in enumerate([f"layers.{n}." for n in numbers] or [""]):
        x = F.linear(x.relu() if i and name == "relu" else x, head[prefix + "weight"], head[prefix + "bias"])
    expected[name] = x[:, 0]
for name, values in expected.items():
    print(name, [round(float(value), 7) for value in values])
