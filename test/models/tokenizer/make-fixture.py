"""Makes this folder's vocab.json, merges.txt and expected.json with Hugging Face's own CLIPTokenizer.

    pip install transformers && python make-fixture.py

The vocabulary is trained on the few sentences below; expected.json is [[text, ids], ...].
"""

import json
from pathlib import Path

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTokenizer

folder = Path(__file__).parent
sentences = [
    "a photo of a small red circle on a white background, top left",
    "a painting of a large blue square on a grey background, in the centre, masterpiece, highly detailed",
    "an oil painting of the girl's café, naïve art, Ångström, 8k, trending",
    "they're portraits of the old fisherman, we've seen them, I'd say it'll do",
    "das Straßenbild einer schönen Stadt, fotografiert im Frühling",
    "пейзаж с маленьким домом, картина маслом",
    "日本の風景 写真 水彩画",
] * 4

trained = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
trained.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
trained.train_from_iterator(
    [" ".join(pre for pre in sentence.split()) for sentence in sentences],
    trainers.BpeTrainer(vocab_size=10_000, min_frequency=4, end_of_word_suffix="</w>", show_progress=False),
)
merges = [pair for pair in json.loads(trained.to_str())["model"]["merges"] if "Ġ" not in "".join(pair)]

bytes_ = sorted(pre_tokenizers.ByteLevel.alphabet())
tokens = bytes_ + [symbol + "</w>" for symbol in bytes_]
known = set(tokens)
kept = []
for left, right in merges:
    if left in known and right in known:
        kept.append(f"{left} {right}")
        if left + right not in known:
            known.add(left + right)
            tokens.append(left + right)
tokens += ["<|startoftext|>", "<|endoftext|>"]
(folder / "vocab.json").write_text(json.dumps({token: i for i, token in enumerate(tokens)}, ensure_ascii=False), "utf8")
(folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(kept) + "\n", "utf8")

texts = [
    "",
    " \t\n ",
    "a photo of a small red circle",
    "A  PHOTO of\ta\nRed   CIRCLE\u00a0on\u2003white\u3000",
    "the girl's café, they're here; I'd say it'll do, WE'VE, don't 'S",
    "cafe\u0301 café CAFÉ \u212bngström \u2126 \u1e9b\u0323",
    "ΟΔΟΣ Σ ΑΣ. İstanbul ILIK ẞ ß ﬁsh Ǆ",
    "8k 1234 ½ ٣٤ Ⅷ x2 16:9",
    "👩\u200d🔬 👍🏽 🇩🇪 ❤️ 🙂🙂",
    "日本の風景、水彩画 한글 ไทย किताब עברית",
    "(word:1.2) [a|b] --ar 16:9 ((masterpiece)) <lora:x:0.8> !!! ... -- __",
    "\ufeffbom \u200bzero\u200bwidth \x00nul\x07bell \x85next \u2028line",
    "supercalifragilisticexpialidocious" * 6,
    "!?" * 60,
    "<|endoftext|>",
    "before<|startoftext|>after <|endoftext|>!! <|EndOfText|> <|other|>",
    "'''s ''' 's's 'll'll \"quoted\" ’s “curly”",
    "пейзаж с маленьким ДОМОМ",
    "a red circle " * 30,
]
reference = CLIPTokenizer.from_pretrained(folder)
expected = [[text, reference(text).input_ids] for text in texts]
lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in expected)
(folder / "expected.json").write_text(f"[\n{lines}\n]\n", "utf8")
print(len(tokens), "tokens,", len(kept), "merges,", len(expected), "texts")
