"""Writes CLIP's tokenizer folder (vocab.json, merges.txt) from openai/CLIP's bpe_simple_vocab_16e6.txt.gz.

    python bench/peer/clip_vocabulary.py bpe_simple_vocab_16e6.txt.gz DIR
"""

import gzip
import json
import sys
from pathlib import Path


def byte_characters():
    """The printable character that stands for each byte, in CLIP's order."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in plain]
    return [chr(byte) for byte in plain] + [chr(256 + i) for i in range(len(others))]


source, folder = sys.argv[1], Path(sys.argv[2])
merges = gzip.open(source, "rt", encoding="utf-8").read().split("\n")[1 : 49152 - 256 - 2 + 1]
characters = byte_characters()
tokens = [*characters, *(c + "</w>" for c in characters), *(m.replace(" ", "") for m in merges)]
tokens += ["<|startoftext|>", "<|endoftext|>"]
folder.mkdir(parents=True, exist_ok=True)
vocabulary = {token: i for i, token in enumerate(tokens)}
(folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
(folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]), encoding="utf-8")
print(f"{len(tokens)} tokens, {len(merges)} merges")
