"""Takes prompts from CSV files to shards with other tools, for `npm run bench:prompts` to compare with.

    pip install -r bench/peer/requirements-prompts.txt
    python bench/peer/prompts.py {pandas,datasets,polars,duckdb} FOLDER OUT SHARDS [--tokenizer DIR]

The work: read the column `prompt`, join white space, Unicode NFC, keep 3 to 1000 characters, an id of the lower-case text,
one row per id, in the order of the ids, in equal zstd Parquet shards (id, prompt, tokens, source), a sha256 of each shard.
With --tokenizer also the number of CLIP tokens (pandas and datasets, by Hugging Face's tokenizers on all cores). polars and
duckdb do what their own languages can: no NFC in duckdb, hashes in place of sha256 in polars.
pandas reads in chunks and counts only new prompts: ten million rows at once exceed the memory. datasets uses one process
per core if its functions are independent.
Prints a line of JSON: seconds, processor seconds of all processes, peak memory of the largest one, rows.
"""

import argparse
import glob
import hashlib
import json
import os
import re
import resource
import shutil
import time
import unicodedata

parser = argparse.ArgumentParser()
parser.add_argument("tool", choices=["pandas", "datasets", "polars", "duckdb"])
parser.add_argument("folder")
parser.add_argument("out")
parser.add_argument("shards", type=int)
parser.add_argument("--tokenizer")
options = parser.parse_args()
files = sorted(glob.glob(f"{options.folder}/*.csv"))
white_space = re.compile(r"\s+")


def clean(text):
    return unicodedata.normalize("NFC", white_space.sub(" ", text or "").strip())


def identity(text):
    return hashlib.sha256(text.lower().encode()).hexdigest()[:32]


def shard_path(i):
    return f"{options.out}/train-{i:05d}.parquet"


def counter():
    """Counts tokens of a list of texts; zeros without a tokenizer."""
    if not options.tokenizer:
        return lambda texts: [0] * len(texts)
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

    model = models.BPE.from_file(f"{options.tokenizer}/vocab.json", f"{options.tokenizer}/merges.txt", end_of_word_suffix="</w>")
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    words = Regex(r"""'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+""")
    split = pre_tokenizers.Split(words, behavior="removed", invert=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    return lambda texts: [len(each.ids) + 2 for each in tokenizer.encode_batch(texts)]


def with_pandas():
    import pandas

    count = counter()
    seen = set()

    def is_new(each):
        before = len(seen)
        seen.add(each)
        return len(seen) > before

    parts = []
    for file in files:
        for part in pandas.read_csv(file, usecols=["prompt"], keep_default_na=False, chunksize=100_000):
            part["prompt"] = part["prompt"].map(clean)
            length = part["prompt"].str.len()
            part = part[(length >= 3) & (length <= 1000)]
            part = part.assign(id=part["prompt"].map(identity), source=os.path.basename(file))
            part = part[[is_new(each) for each in part["id"]]]
            parts.append(part.assign(tokens=count(part["prompt"].tolist())))
    del seen
    table = pandas.concat(parts, ignore_index=True).sort_values("id")
    del parts
    for i in range(options.shards):
        start, end = (len(table) * j // options.shards for j in (i, i + 1))
        table.iloc[start:end][["id", "prompt", "tokens", "source"]].to_parquet(shard_path(i), compression="zstd", index=False)
    return len(table)


def with_datasets():
    import datasets
    import pyarrow.parquet

    datasets.disable_progress_bars()
    count = counter()

    def prepare(batch):
        prompts = [clean(text) for text in batch["prompt"]]
        return {"prompt": prompts, "id": [identity(text) for text in prompts], "tokens": count(prompts)}

    cores = os.cpu_count()
    table = datasets.load_dataset(
        "csv", data_files=files, split="train", usecols=["prompt"], keep_default_na=False, cache_dir=f"{options.out}/cache", num_proc=min(cores, len(files))
    )
    table = table.map(prepare, batched=True, num_proc=cores)
    seen = set()

    def wanted(batch):
        keep = []
        for text, each in zip(batch["prompt"], batch["id"]):
            keep.append(3 <= len(text) <= 1000 and each not in seen)
            if keep[-1]:
                seen.add(each)
        return keep

    table = table.filter(wanted, batched=True).sort("id").add_column("source", ["csv"] * len(seen))
    for i in range(options.shards):
        part = table.shard(options.shards, i, contiguous=True).with_format("arrow")[:]
        pyarrow.parquet.write_table(part.select(["id", "prompt", "tokens", "source"]), shard_path(i), compression="zstd")
    shutil.rmtree(f"{options.out}/cache")
    return len(table)


def with_polars():
    import polars

    prompt = polars.col("prompt").str.replace_all(r"\s+", " ").str.strip_chars().str.normalize("NFC")
    table = (
        polars.scan_csv(files, include_file_paths="source")
        .select(prompt, "source")
        .filter(polars.col("prompt").str.len_chars().is_between(3, 1000))
        .with_columns(id=polars.col("prompt").str.to_lowercase().hash(), tokens=polars.lit(0))
        .unique("id")
        .sort("id")
        .collect(engine="streaming")
    )
    for i in range(options.shards):
        start, end = (len(table) * j // options.shards for j in (i, i + 1))
        table[start:end].write_parquet(shard_path(i), compression="zstd")
    return len(table)


def with_duckdb():
    import duckdb

    base = duckdb.connect()
    base.execute(f"SET temp_directory = '{options.out}/spill'")
    base.execute(
        f"""CREATE TABLE prompts AS
        SELECT *, row_number() OVER (ORDER BY id) - 1 AS rank FROM (
          SELECT sha256(lower(prompt))[:32] AS id, any_value(prompt) AS prompt, 0 AS tokens, any_value(source) AS source FROM (
            SELECT trim(regexp_replace(prompt, '\\s+', ' ', 'g')) AS prompt, filename AS source
            FROM read_csv('{options.folder}/*.csv', header = true, filename = true))
          WHERE length(prompt) BETWEEN 3 AND 1000 GROUP BY id)"""
    )
    rows = base.execute("SELECT count(*) FROM prompts").fetchone()[0]
    for i in range(options.shards):
        start, end = (rows * j // options.shards for j in (i, i + 1))
        base.execute(
            f"COPY (SELECT id, prompt, tokens, source FROM prompts WHERE rank >= {start} AND rank < {end} ORDER BY rank) "
            f"TO '{shard_path(i)}' (FORMAT parquet, COMPRESSION zstd)"
        )
    return rows


os.makedirs(options.out, exist_ok=True)
started = time.perf_counter()
kept = globals()[f"with_{options.tool}"]()
for i in range(options.shards):
    with open(shard_path(i), "rb") as file:
        hashlib.file_digest(file, "sha256")
usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(
    json.dumps(
        {
            "kept": kept,
            "wall": time.perf_counter() - started,
            "cpu": sum(each.ru_utime + each.ru_stime for each in usage),
            "peakMiB": max(each.ru_maxrss for each in usage) / 1024,
        }
    )
)
