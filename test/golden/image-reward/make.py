"""
Writes golden.json: a tiny ImageReward (names and shapes of its published file, weights by the rule of `noise`), token ids by
Hugging Face's BertTokenizer of vocab.txt, and what transformers' BLIP computes from them in double precision: scores, and
the gradient of their sum with respect to the pictures.

    pip install torch numpy transformers
    python test/golden/image-reward/make.py
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F
from transformers import BertTokenizer, BlipTextConfig, BlipTextModel, BlipVisionConfig, BlipVisionModel

HERE = Path(__file__).parent
LENGTH, SIZE, PATCH, WIDTH = 35, 12, 4, 128  # two heads of 64
TEXT = dict(hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=3, max_position_embeddings=40,
            layer_norm_eps=1e-12)
HEAD = {0: (20, 24), 2: (10, 20), 4: (8, 10), 6: (5, 8), 7: (1, 5)}
PROMPTS = ["a photo of a small red circle", "Two BLUE dogs, unbelievably résumé-like!!"]
TEXTS = [*PROMPTS, "", "naïve Ünïcode: 東京 dogs", "can't_stop... 3.14%", "[SEP] a [MASK] b", "x" * 101, "a\tphoto\n of\u00a0dogs\u200b",
         "un" * 30, "🐶 dogs", "a " * 60]


def vocabulary():
    letters = [chr(c) for c in range(ord("a"), ord("z") + 1)] + [str(d) for d in range(10)]
    words = "a photo of small red circle two blue dogs can stop un ##believ ##ably resume like naive unicode 東 京".split()
    marks = list("!,.:'_%-[]")
    rest = letters + [f"##{c}" for c in letters if c not in "qz"]
    return ["[PAD]", "[unused0]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *dict.fromkeys(words + marks + rest)]


def noise(name, shape):
    """The same numbers as in image-reward.test.ts."""
    h = 0
    for c in name.encode():
        h = (h * 31 + c) % 2**32
    x = (np.arange(int(np.prod(shape)), dtype=np.uint64) + h) % 2**32
    for _ in range(2):
        x = ((x ^ (x >> np.uint64(16))) * np.uint64(0x45D9F3B)) % 2**32
    x = x ^ (x >> np.uint64(16))
    value = (x / 2**32 - 0.5).reshape(shape)
    if "norm" in name.lower() and name.endswith("weight"):
        value = 1 + 0.4 * value
    elif len(shape) > 1 and "embed" not in name:
        value = value * 3 / np.sqrt(np.prod(shape[1:]))
    elif name.endswith("patch_embed.proj.weight"):
        value = value * 3 / np.sqrt(np.prod(shape[1:]))
    return torch.tensor(value.astype(np.float32)).double()


def published_vision(name):
    table = {"embeddings.class_embedding": "cls_token", "embeddings.position_embedding": "pos_embed",
             "embeddings.patch_embedding": "patch_embed.proj", "encoder.layers": "blocks", "layer_norm": "norm",
             "self_attn.qkv": "attn.qkv", "self_attn.projection": "attn.proj", "post_layernorm": "norm"}
    for here, there in table.items():
        name = name.replace(here, there)
    return "blip.visual_encoder." + name


def pictures(h, w):
    b, y, x, c = np.meshgrid(np.arange(2), np.arange(h), np.arange(w), np.arange(3), indexing="ij")
    return torch.tensor((x * 7 + y * 13 + c * 29 + b * 31 + (x * y) % 5 * 11) % 97 / 96).permute(0, 3, 1, 2)


def preprocess(image):
    mean = torch.tensor([0.48145466, 0.4578275, 0.40821073], dtype=torch.double)[:, None, None]
    std = torch.tensor([0.26862954, 0.26130258, 0.27577711], dtype=torch.double)[:, None, None]
    h, w = image.shape[2:]
    new = [int(n * SIZE / min(h, w)) for n in (h, w)]
    image = F.interpolate(image, size=new, mode="bicubic", antialias=True)
    top, left = (round((n - SIZE) / 2) for n in new)
    return (image[:, :, top : top + SIZE, left : left + SIZE] - mean) / std


def main():
    tokens = vocabulary()
    (HERE / "vocab.txt").write_text("\n".join(tokens) + "\n")
    tokenizer = BertTokenizer(str(HERE / "vocab.txt"), do_lower_case=True)
    encode = lambda text: tokenizer(text, padding="max_length", truncation=True, max_length=LENGTH)["input_ids"]

    vision = BlipVisionModel(BlipVisionConfig(hidden_size=WIDTH, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2,
                                              image_size=SIZE, patch_size=PATCH, hidden_act="gelu", layer_norm_eps=1e-6)).double().eval()
    text = BlipTextModel(BlipTextConfig(vocab_size=len(tokens), encoder_hidden_size=WIDTH, is_decoder=True, hidden_act="gelu", **TEXT),
                         add_pooling_layer=False).double().eval()
    shapes = {}

    def fill(name, tensor):
        shapes[name] = list(tensor.shape)
        tensor.copy_(noise(name, tensor.shape))

    with torch.no_grad():
        for name, p in vision.named_parameters():
            fill(published_vision(name), p)
        for name, p in text.named_parameters():
            fill("blip.text_encoder." + name, p)
    head = {}
    for layer, shape in HEAD.items():
        for kind, size in (("weight", shape), ("bias", shape[:1])):
            head[layer, kind] = torch.empty(size, dtype=torch.double)
            fill(f"mlp.layers.{layer}.{kind}", head[layer, kind])

    ids = torch.tensor([encode(prompt) for prompt in PROMPTS])
    image = pictures(10, 14).requires_grad_()
    seen = vision(pixel_values=preprocess(image)).last_hidden_state
    states = text(input_ids=ids, attention_mask=(ids != 0).long(), encoder_hidden_states=seen,
                  encoder_attention_mask=torch.ones(seen.shape[:2], dtype=torch.long), is_decoder=False).last_hidden_state
    x = states[:, 0]
    for layer in HEAD:
        x = F.linear(x, head[layer, "weight"], head[layer, "bias"])
    scores = (x[:, 0] - 0.16717362830052426) / 1.0333394966054072
    scores.sum().backward()
    g = image.grad
    golden = {
        "med": {**TEXT, "vocab_size": len(tokens), "hidden_act": "gelu"},
        "shapes": shapes,
        "ids": [[sample, encode(sample)] for sample in TEXTS],
        "scores": scores.tolist(),
        "gradient": [g.sum().item(), g.abs().sum().item(), g[0, 0, 0, 3].item(), g[1, 2, 9, 12].item(), g[0, 1, 5, 7].item()],
    }
    (HERE / "golden.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
