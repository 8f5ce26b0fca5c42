"""
Adam with its moments in 8 bits, step by step in numpy, and the maps of values that it is rounded to.

    pip install numpy safetensors torch bitsandbytes==0.50.2
    python test/golden/make-adam.py          writes adam/8bit.safetensors

The maps are bitsandbytes' own (create_dynamic_map). The quotients go to the nearest value, as in its CUDA kernels and the
paper; its library for the CPU takes one nearby. In the file:
`map.m`, `map.v` [256]; `start` and `gradient.0` ... [40, 130], of which the last of 21 blocks of 256 is not full; after
the last step `value`, `m.codes`, `v.codes` [21, 256] and `m.scales`, `v.scales` [21, 1].
"""

from pathlib import Path

import numpy as np
from bitsandbytes.functional import create_dynamic_map
from safetensors.numpy import save_file

BLOCK, STEPS, SHAPE = 256, 4, (40, 130)
RATE, BETA1, BETA2, EPSILON = 1e-2, 0.9, 0.999, 1e-8
f = np.float32
MAPS = {"m": create_dynamic_map(True).numpy(), "v": create_dynamic_map(False).numpy()}


def quantize(x, values):
    """Block by block: the largest magnitude, and of each quotient the number of the nearest value (ties go up)."""
    blocks = np.zeros((-(-x.size // BLOCK), BLOCK), f)
    blocks.reshape(-1)[: x.size] = x.reshape(-1)
    scales = np.abs(blocks).max(1, keepdims=True)
    quotients = np.divide(blocks, scales, out=np.zeros_like(blocks), where=scales > 0)
    halfway = ((values[1:] + values[:-1]) / f(2)).astype(f)
    codes = np.searchsorted(halfway, quotients, side="right").astype(np.uint8)
    assert (np.abs(values[codes] - quotients) <= np.abs(values[None, None] - quotients[..., None]).min(-1) + 1e-7).all()
    return codes, scales


def dequantize(codes, scales, values):
    return (values[codes] * scales).reshape(-1)[: np.prod(SHAPE)].reshape(SHAPE)


random = np.random.default_rng(1)
half = lambda x: x.astype(np.float16).astype(f)
# Gradients of parameters of one tensor differ by orders of magnitude; some are never touched.
size = 10.0 ** random.uniform(-4, 0, SHAPE) * (random.uniform(size=SHAPE) > 0.05)
value = start = half(random.normal(size=SHAPE))
gradients = [half(size * random.normal(size=SHAPE)) for _ in range(STEPS)]
blocks = -(-value.size // BLOCK)
m = v = (np.zeros((blocks, BLOCK), np.uint8), np.zeros((blocks, 1), f))
for step, g in enumerate(gradients, 1):
    new_m = dequantize(*m, MAPS["m"]) * f(BETA1) + g * f(1 - BETA1)
    new_v = dequantize(*v, MAPS["v"]) * f(BETA2) + np.square(g) * f(1 - BETA2)
    value = value - f(RATE) * ((new_m / f(1 - BETA1**step)) / (np.sqrt(new_v / f(1 - BETA2**step)) + f(EPSILON)))
    m, v = quantize(new_m, MAPS["m"]), quantize(new_v, MAPS["v"])

folder = Path(__file__).parent / "adam"
folder.mkdir(exist_ok=True)
save_file(
    {
        **{f"map.{name}": values for name, values in MAPS.items()},
        "start": start.astype(np.float16), "value": value,
        **{f"gradient.{i}": g.astype(np.float16) for i, g in enumerate(gradients)},
        "m.codes": m[0], "m.scales": m[1], "v.codes": v[0], "v.scales": v[1],
    },
    folder / "8bit.safetensors")
