"""
Writes a tiny OpenCLIP model as HPSv2's files are written (model.pt: names of OpenCLIP under `state_dict`), its
open_clip_config.json, and what OpenCLIP computes from them in golden.safetensors: unit embeddings of pictures that are
preprocessed as CLIP does (crop) and as HPSv2 does (pad), and of prompts, float32.

    pip install torch torchvision open_clip_torch ftfy safetensors
    python test/golden/open-clip/make.py
"""

import json
from pathlib import Path

import numpy as np
import torch
import torchvision.transforms.functional as TF
from open_clip.model import CLIP
from safetensors.torch import save_file
from torchvision.transforms import InterpolationMode

HERE = Path(__file__).parent
SIZE = 8
CONFIG = {
    "embed_dim": 12,
    "vision_cfg": {"image_size": SIZE, "layers": 2, "width": 20, "head_width": 10, "patch_size": 4},
    "text_cfg": {"context_length": 20, "vocab_size": 682, "width": 16, "heads": 2, "layers": 3},
}
# Of the prompts of test/rewards/small-clip.ts, by the tokenizer of test/models/tokenizer, padded with its end token.
IDS = json.loads((HERE / "ids.json").read_text())
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


def pictures(h, w):
    b, y, x, c = np.meshgrid(np.arange(2), np.arange(h), np.arange(w), np.arange(3), indexing="ij")
    return torch.tensor((x * 7 + y * 13 + c * 29 + b * 31 + (x * y) % 5 * 11) % 97 / 96).permute(0, 3, 1, 2).float()


def crop(image):
    image = TF.resize(image, SIZE, InterpolationMode.BICUBIC, antialias=True)
    return TF.normalize(TF.center_crop(image, [SIZE, SIZE]), MEAN, STD)


def pad(image):
    """HPSv2's ResizeMaxSize: the longest side to SIZE, then black around."""
    height, width = image.shape[-2:]
    scale = SIZE / float(max(height, width))
    new = [round(side * scale) for side in (height, width)]
    image = TF.resize(image, new, InterpolationMode.BICUBIC, antialias=True)
    h, w = SIZE - new[0], SIZE - new[1]
    return TF.normalize(TF.pad(image, [w // 2, h // 2, w - w // 2, h - h // 2], fill=0), MEAN, STD)


def main():
    torch.manual_seed(3)
    model = CLIP(**CONFIG).eval()
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for name, p in model.named_parameters():
            noise = torch.randn(p.shape, generator=generator)
            p.copy_(1 + 0.2 * noise if "ln_" in name and name.endswith("weight") else 0.3 * noise)
            p.copy_(p.half().float())
        image, ids = pictures(10, 14), torch.tensor(IDS)
        golden = {
            "crop": model.encode_image(crop(image), normalize=True),
            "pad": model.encode_image(pad(image), normalize=True),
            "text": model.encode_text(ids, normalize=True),
        }
    save_file({name: t.contiguous() for name, t in golden.items()}, HERE / "golden.safetensors")
    torch.save({"epoch": 1, "state_dict": {k: v.half() for k, v in model.state_dict().items()}}, HERE / "model.pt")
    (HERE / "open_clip_config.json").write_text(json.dumps({"model_cfg": CONFIG}, indent=2) + "\n")


if __name__ == "__main__":
    main()
