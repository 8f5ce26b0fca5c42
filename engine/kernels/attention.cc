// Scaled dot-product attention of several heads, and its gradient. Queries are [batch, queries, heads * depth], keys
// and values [batch, keys, heads * depth]. A head's scores are computed for one block of queries at a time, and
// recomputed for the gradient from each query's largest score and sum, as in FlashAttention (Dao et al., arXiv
// 2205.14135), so that scores never reach memory.
#include <algorithm>
#include <cmath>
#include <vector>

#include "matrix.h"
#include "operation.h"
#include "parallel.h"
#include "vector.h"

namespace textcraftor {
namespace {

/// Queries per block; each is a column of the block's `scores` [keys, stride].
constexpr std::int64_t kQueries = 64;
/// The number of queries is rounded up to a multiple of every processor's vectors.
constexpr std::int64_t roundedUp(std::int64_t queries) { return (queries + 15) / 16 * 16; }

/// The score of a masked key.
constexpr float kUnseen = -1e30f;

/// Masks keys after the query's own position, for the queries from `first` on.
struct HideLaterKeys {
  template <class Isa>
  INLINE void run(float* scores, std::int64_t keys, std::int64_t stride, std::int64_t first) {
    for (std::int64_t j = 0; j < keys; j++)
      for (std::int64_t i = 0; i < std::min(stride, j - first); i++) scores[j * stride + i] = kUnseen;
  }
};

/// Turns scores into exponentials relative to each query's largest one; also returns that, and 1 / their sum.
struct Exponentials {
  template <class Isa>
  INLINE void run(float* scores, std::int64_t keys, std::int64_t stride, float* largest, float* scales) {
    forPanels<Isa>(stride, [=](auto panels, std::int64_t first) INLINE_LAMBDA {
      typedef typename Isa::Vector Vector;
      Vector most[panels], sum[panels] = {};
      const auto at = [=](std::int64_t j, int p) INLINE_LAMBDA { return j * stride + first + p * Isa::kLanes; };
      for (int p = 0; p < panels; p++) most[p] = load<Isa>(scores + at(0, p));
      for (std::int64_t j = 1; j < keys; j++)
        for (int p = 0; p < panels; p++) {
          const Vector score = load<Isa>(scores + at(j, p));
          most[p] = score > most[p] ? score : most[p];
        }
      for (std::int64_t j = 0; j < keys; j++)
        for (int p = 0; p < panels; p++) {
          const Vector power = exponential<Isa>(load<Isa>(scores + at(j, p)) - most[p]);
          store<Isa>(power, scores + at(j, p));
          sum[p] += power;
        }
      for (int p = 0; p < panels; p++) {
        store<Isa>(most[p], largest + at(0, p));
        store<Isa>(1.0f / sum[p], scales + at(0, p));
      }
    });
  }
};

/// to [rows, columns] = from, with each row times its factor; they may be the same.
struct ScaleRows {
  template <class Isa>
  INLINE void run(Rows<float> from, const float* factors, std::int64_t rows, std::int64_t columns, Rows<float> to) {
    for (std::int64_t i = 0; i < rows; i++) {
      const float* row = from.from(i).data;
      float* scaled = to.from(i).data;
      const float factor = factors[i];
#pragma omp simd
      for (std::int64_t j = 0; j < columns; j++) scaled[j] = row[j] * factor;
    }
  }
};

/// Turns scores into probabilities, using the results of Exponentials; and gradients by the probabilities into `factor`
/// times those by the scores.
struct SoftmaxGradient {
  template <class Isa>
  INLINE void run(float* scores, float* gradients, std::int64_t keys, std::int64_t stride, const float* largest,
                  const float* scales, float factor) {
    forPanels<Isa>(stride, [=](auto panels, std::int64_t first) INLINE_LAMBDA {
      typedef typename Isa::Vector Vector;
      Vector most[panels], scale[panels], sum[panels] = {};
      const auto at = [=](std::int64_t j, int p) INLINE_LAMBDA { return j * stride + first + p * Isa::kLanes; };
      for (int p = 0; p < panels; p++) {
        most[p] = load<Isa>(largest + at(0, p));
        scale[p] = load<Isa>(scales + at(0, p));
      }
      for (std::int64_t j = 0; j < keys; j++)
        for (int p = 0; p < panels; p++) {
          const Vector probability = exponential<Isa>(load<Isa>(scores + at(j, p)) - most[p]) * scale[p];
          store<Isa>(probability, scores + at(j, p));
          sum[p] += probability * load<Isa>(gradients + at(j, p));
        }
      for (std::int64_t j = 0; j < keys; j++)
        for (int p = 0; p < panels; p++) {
          const Vector gradient = (load<Isa>(gradients + at(j, p)) - sum[p]) * factor;
          store<Isa>(load<Isa>(scores + at(j, p)) * gradient, gradients + at(j, p));
        }
    });
  }
};

/// Queries of a head whose scores are computed at once.
struct Block {
  /// The first, their number, that number rounded up, and the place of their statistics.
  std::int64_t first, rows, stride, statistics;
};

struct Sizes {
  Sizes(const Shape& q, const Shape& k, std::int64_t heads)
      : batch(q[0]),
        queries(q[1]),
        keys(k[1]),
        width(q[2]),
        heads(heads),
        depth(q[2] / heads),
        columns(padded(depth)) {}

  std::int64_t batch, queries, keys, width, heads, depth, columns;

  std::int64_t units() const { return batch * heads; }
  std::int64_t blocks() const { return (queries + kQueries - 1) / kQueries; }
  std::int64_t work() const { return units() * queries * keys; }
  Block block(std::int64_t unit, std::int64_t index) const {
    const std::int64_t first = index * kQueries, rows = std::min(kQueries, queries - first);
    return {first, rows, roundedUp(rows), unit * roundedUp(queries) + first};
  }
  float scale() const { return 1 / std::sqrt(static_cast<float>(depth)); }
  /// The part of a tensor with `rows` rows, queries or keys, that belongs to a head of a sample.
  template <class Number>
  Rows<Number> head(Number* data, std::int64_t unit, std::int64_t rows) const {
    return {data + unit / heads * rows * width + unit % heads * depth, width};
  }

  /// Whether a head's columns are whole vectors in place.
  bool isWhole() const { return columns == depth; }
  Rows<const float> wholeColumns(Rows<const float> from, std::int64_t rows, std::vector<float>& buffer) const {
    if (isWhole()) return from;
    pad(from, rows, depth, {buffer.data(), columns});
    return {buffer.data(), columns};
  }
  Rows<float> wholeColumns(Rows<float> to, std::vector<float>& buffer) const {
    return isWhole() ? to : Rows<float>{buffer.data(), columns};
  }
  void writeBack(Rows<float> from, std::int64_t rows, Rows<float> to) const {
    if (from.data != to.data) unpad({from.data, from.stride}, rows, depth, to);
  }
};

struct Attention {
  static const Signature& signature() {
    static const Signature signature{"TextCraftor>Attention",
                                     {"heads: int", "causal: bool"},
                                     {"q: float", "k: float", "v: float"},
                                     {"y: float", "largest: float", "scales: float"},
                                     {0, -1, -1}};
    return signature;
  }
  explicit Attention(Attributes attributes) : heads(attributes.integer("heads")), causal(attributes.flag("causal")) {}

  void run(Call& call) const {
    const Shape shape = call.shape(0);
    const Sizes n(shape, call.shape(1), heads);
    const float *q = call.input(0), *k = call.input(1), *v = call.input(2);
    float* y = call.output(0, shape);
    float* largest = call.output(1, {n.batch, heads, roundedUp(n.queries)});
    float* scales = call.output(2, {n.batch, heads, roundedUp(n.queries)});
    inParallel(n.units() * n.blocks(), n.work(), [&](std::int64_t from, std::int64_t to) {
      std::vector<float> queries(n.depth * kQueries), scores(n.keys * kQueries);
      std::vector<float> paddedValues(n.keys * n.columns), paddedResults(kQueries * n.columns);
      Rows<const float> values{};
      std::int64_t last = -1;
      for (std::int64_t i = from; i < to; i++) {
        const std::int64_t unit = i / n.blocks();
        const auto [first, rows, stride, statistics] = n.block(unit, i % n.blocks());
        if (unit != last) values = n.wholeColumns(n.head(v, unit, n.keys), n.keys, paddedValues);
        last = unit;
        transpose(n.head(q, unit, n.queries).from(first), rows, n.depth, n.scale(), {queries.data(), stride});
        multiply(plain(n.head(k, unit, n.keys)), {queries.data(), stride}, n.keys, n.depth, stride,
                 {scores.data(), stride});
        if (causal) onThisProcessor<HideLaterKeys>(scores.data(), n.keys, stride, first);
        onThisProcessor<Exponentials>(scores.data(), n.keys, stride, largest + statistics, scales + statistics);
        const Rows<float> written = n.head(y, unit, n.queries).from(first);
        const Rows<float> results = n.wholeColumns(written, paddedResults);
        multiply(transposed({scores.data(), stride}), values, rows, n.keys, n.columns, results);
        onThisProcessor<ScaleRows>(results, scales + statistics, rows, n.depth, written);
      }
    });
  }

  std::int64_t heads;
  bool causal;
};

/// Parts into which the queries of a few large heads are split to run side by side, whatever the number of threads.
constexpr std::int64_t kParts = 4;

struct AttentionGrad {
  static const Signature& signature() {
    static const Signature signature{
        "TextCraftor>AttentionGrad",
        {"heads: int", "causal: bool"},
        {"dy: float", "q: float", "k: float", "v: float", "largest: float", "scales: float"},
        {"dq: float", "dk: float", "dv: float"},
        {1, 2, 3}};
    return signature;
  }
  explicit AttentionGrad(Attributes attributes)
      : heads(attributes.integer("heads")), causal(attributes.flag("causal")) {}

  void run(Call& call) const {
    const Shape shape = call.shape(1), keyShape = call.shape(2);
    const Sizes n(shape, keyShape, heads);
    const float *dy = call.input(0), *q = call.input(1), *k = call.input(2), *v = call.input(3);
    const float *largest = call.input(4), *scales = call.input(5);
    float *dq = call.output(0, shape), *dk = call.output(1, keyShape), *dv = call.output(2, keyShape);
    const std::int64_t parts = n.units() < kParts ? std::min(n.blocks(), kParts) : 1, size = n.keys * n.columns;
    std::vector<float> sums(parts > 1 ? n.units() * parts * 2 * size : 0);
    inParallel(n.units() * parts, n.work(), [&](std::int64_t from, std::int64_t to) {
      std::vector<float> queriesT(n.depth * kQueries), dResultsT(n.depth * kQueries);
      std::vector<float> scores(n.keys * kQueries), dScores(n.keys * kQueries);
      std::vector<float> paddedKeys(size), paddedQueries(kQueries * n.columns), paddedResults(kQueries * n.columns);
      std::vector<float> paddedDQueries(kQueries * n.columns), paddedDKeys(size), paddedDValues(size);
      for (std::int64_t i = from; i < to; i++) {
        const std::int64_t unit = i / parts, part = i % parts;
        const std::int64_t start = n.blocks() * part / parts, end = n.blocks() * (part + 1) / parts;
        const Rows<const float> keyRows = n.head(k, unit, n.keys), valueRows = n.head(v, unit, n.keys);
        const Rows<const float> keys = n.wholeColumns(keyRows, n.keys, paddedKeys);
        const Rows<float> keysWritten = n.head(dk, unit, n.keys), valuesWritten = n.head(dv, unit, n.keys);
        const Rows<float> dKeys =
            parts > 1 ? Rows<float>{&sums[i * 2 * size], n.columns} : n.wholeColumns(keysWritten, paddedDKeys);
        const Rows<float> dValues = parts > 1 ? Rows<float>{&sums[(i * 2 + 1) * size], n.columns}
                                              : n.wholeColumns(valuesWritten, paddedDValues);
        for (std::int64_t block = start; block < end; block++) {
          const auto [first, rows, stride, statistics] = n.block(unit, block);
          const Rows<const float> queryRows = n.head(q, unit, n.queries).from(first);
          const Rows<const float> dyRows = n.head(dy, unit, n.queries).from(first);
          const Rows<const float> queries = n.wholeColumns(queryRows, rows, paddedQueries);
          const Rows<const float> dResults = n.wholeColumns(dyRows, rows, paddedResults);
          transpose(queryRows, rows, n.depth, n.scale(), {queriesT.data(), stride});
          transpose(dyRows, rows, n.depth, 1, {dResultsT.data(), stride});
          multiply(plain(keyRows), {queriesT.data(), stride}, n.keys, n.depth, stride, {scores.data(), stride});
          multiply(plain(valueRows), {dResultsT.data(), stride}, n.keys, n.depth, stride, {dScores.data(), stride});
          if (causal) onThisProcessor<HideLaterKeys>(scores.data(), n.keys, stride, first);
          onThisProcessor<SoftmaxGradient>(scores.data(), dScores.data(), n.keys, stride, largest + statistics,
                                           scales + statistics, n.scale());
          const Rows<float> queriesWritten = n.head(dq, unit, n.queries).from(first);
          const Rows<float> dQueries = n.wholeColumns(queriesWritten, paddedDQueries);
          multiply(transposed({dScores.data(), stride}), keys, rows, n.keys, n.columns, dQueries);
          n.writeBack(dQueries, rows, queriesWritten);
          multiply(plain({dScores.data(), stride}), queries, n.keys, rows, n.columns, dKeys,
                   block > start ? dKeys.read() : Rows<const float>{});
          multiply(plain({scores.data(), stride}), dResults, n.keys, rows, n.columns, dValues,
                   block > start ? dValues.read() : Rows<const float>{});
        }
        if (parts > 1) continue;
        n.writeBack(dKeys, n.keys, keysWritten);
        n.writeBack(dValues, n.keys, valuesWritten);
      }
    });
    if (parts == 1) return;
    for (std::int64_t unit = 0; unit < n.units(); unit++) {
      float* first = &sums[unit * parts * 2 * size];
      addRows(first + 2 * size, parts - 1, 2 * size, first);
      n.writeBack({first, n.columns}, n.keys, n.head(dk, unit, n.keys));
      n.writeBack({first + size, n.columns}, n.keys, n.head(dv, unit, n.keys));
    }
  }

  std::int64_t heads;
  bool causal;
};

const Operation<Attention> attention;
const Operation<AttentionGrad> attentionGrad;

}  // namespace
}  // namespace textcraftor
