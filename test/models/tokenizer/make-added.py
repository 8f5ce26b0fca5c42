"""Makes added.json: tokenizers with added tokens, in the files that hold them, and the ids that transformers gives.

    pip install transformers==5.24.0 && python make-added.py

[{"files": {name: content}, "cases": [[text, ids], ...]}, ...]; the vocabulary is this folder's. A tokenizer.json is written
without its vocabulary and merges, which are the same.
"""

import json
import random
import tempfile
from pathlib import Path

from transformers import CLIPTokenizer

HERE = Path(__file__).parent
VOCABULARY = json.loads((HERE / "vocab.json").read_text("utf8"))
MERGES = (HERE / "merges.txt").read_text("utf8").strip().split("\n")[1:]
CONTENTS = ["<fox-style>", "<fox>", "<FOX-style>", "fox", "Fox", "sks", "sks dog", " sks", "sks ", "日本", "é", "e\u0301", "ÅB", "a b",
            "a \t b", "<|img|>", "1", "12", "'s", "!", "!!", "red", "re", "redd", "Σ", "İ", "\u00a0x", "👍", "photo of", ".", "_x_",
            "ﬁ", "x\u0301", "$^.*", "[a]", "(b", "\\d", "+", "</w>", "circle</w>",
            "\n", "  ", " x", "²", "<|endoftext|>"]
PLAIN = ["a", "red", "RED", "circle", "fox", "foxes", "sks", "dog", "photo", "of", "x", "b", "café", "ΟΔΟΣ", "日本の", "8k", "'s", "!",
         ".", ",", "_", "-", "👍🏽", "<|endoftext|>", "<|EndOfText|>", "<|STARTOFTEXT|>", "<", ">"]
SPACES = ["", "", " ", "  ", "\t", "\n", "\u00a0", "\u3000", "\u200b", "\ufeff", "\x85"]


def flags(r):
    return {name: r.random() < p for name, p in
            (("single_word", 0.3), ("lstrip", 0.3), ("rstrip", 0.3), ("normalized", 0.5), ("special", 0.3))}


def files(r):
    """Added tokens with their ids, in one of the places that hold them."""
    contents = r.sample(CONTENTS, r.randint(1, 7))
    new = iter(range(len(VOCABULARY), len(VOCABULARY) + len(contents)))
    ids = {content: VOCABULARY[content] if content in VOCABULARY else next(new) for content in contents}
    named = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>"}
    specials = [{"content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": r.random() < 0.5,
                 "special": True} for token in named.values()]
    tokens = {ids[content]: {"content": content, **flags(r)} for content in contents}
    kind = r.choice(["added_tokens.json", "decoder", "extra", "map", "tokenizer.json", "mixed"])
    if kind == "added_tokens.json":
        return {"added_tokens.json": ids, "tokenizer_config.json": {"model_max_length": 77}}
    if kind == "decoder":
        decoder = {VOCABULARY[token["content"]]: token for token in specials} | tokens
        return {"tokenizer_config.json": {**named, "added_tokens_decoder": {str(i): t for i, t in decoder.items()}},
                "special_tokens_map.json": {"pad_token": "ignored"}}
    if kind == "extra":
        key = r.choice(["additional_special_tokens", "extra_special_tokens"])
        written = [c if r.random() < 0.5 else {"__type": "AddedToken", **tokens[ids[c]]} for c in contents]
        return {"tokenizer_config.json": {**named, key: written}}
    if kind == "map":
        marked = {name: {**token, "__type": "AddedToken"} for name, token in zip(named, specials)}
        dicts = [{k: v for k, v in token.items() if k != "special"} for token in specials]
        return {"tokenizer_config.json": marked, "special_tokens_map.json": {
            **(dict(zip(named, dicts)) if r.random() < 0.5 else {}), "pad_token": r.choice(["!", "<|endoftext|>", "[PAD]"]),
            "additional_special_tokens": contents, "cls_token": r.choice(["[CLS]", contents[0]])}}
    if kind == "mixed":
        return {"added_tokens.json": ids, "special_tokens_map.json": {"extra_special_tokens": contents[:2]},
                "tokenizer_config.json": {**named, "image_token": contents[0], "do_lower_case": False}}
    written = [{"id": VOCABULARY[token["content"]], **token} for token in specials]
    return {"tokenizer.json": {"added_tokens": written + [{"id": i, **token} for i, token in tokens.items()]},
            "tokenizer_config.json": {**named, "tokenizer_class": "CLIPTokenizer"}}


def mixed(r):
    """Files of two tokenizers together, which name tokens differently."""
    found = {}
    for part in (files(r), files(r)):
        for name, content in part.items():
            found[name] = {**found.get(name, {}), **content}
    return found


def shares_an_id(files):
    """Whether two tokens have one id, which is refused."""
    if "added_tokens_decoder" in files.get("tokenizer_config.json", {}):
        return False
    tokens = files.get("added_tokens.json", {}) | {t["content"]: t["id"] for t in files.get("tokenizer.json", {}).get("added_tokens", [])}
    return len(set(tokens.values())) < len(tokens)


def whole(parts):
    return {"version": "1.0", "normalizer": None, "pre_tokenizer": None, "post_processor": None, "decoder": None,
            "padding": None, "truncation": None, **parts,
            "model": {"type": "BPE", "unk_token": "<|endoftext|>", "end_of_word_suffix": "</w>", "vocab": VOCABULARY, "merges": MERGES}}


def load(files):
    with tempfile.TemporaryDirectory() as folder:
        for name in ("vocab.json", "merges.txt"):
            (Path(folder) / name).write_bytes((HERE / name).read_bytes())
        for name, content in files.items():
            (Path(folder) / name).write_text(json.dumps(whole(content) if name == "tokenizer.json" else content))
        return CLIPTokenizer.from_pretrained(folder)


def normalize(content):
    return load({}).backend_tokenizer.normalizer.normalize_str(content)


def text(r, contents):
    parts = []
    for _ in range(r.randint(1, 8)):
        piece = r.choice(contents if r.random() < 0.6 else PLAIN)
        parts += [r.choice([str, str, str.upper, str.lower])(piece), r.choice(SPACES)]
    return "".join(parts)


def main():
    r = random.Random(11)
    lines = []
    for i in range(140):
        written = files(r) if i < 80 else mixed(r)
        if shares_an_id(written):
            continue
        tokenizer = load(written)
        normal = [normalize(token.content) for token in tokenizer.added_tokens_decoder.values() if token.normalized]
        if len(set(normal)) < len(normal):
            continue  # of two tokens that are equal when normalized, the library finds either by chance
        contents = list(tokenizer.get_added_vocab())
        texts = [text(r, contents) for _ in range(10)]
        lines.append(json.dumps({"files": written, "cases": [[t, tokenizer(t).input_ids] for t in texts]}, separators=(",", ":")))
    (HERE / "added.json").write_text("[\n" + ",\n".join(lines) + "\n]\n", "utf8")


main()
