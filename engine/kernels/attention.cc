// Scaled dot-product attention of several heads, and its gradient. Queries are [batch, queries, heads * depth], keys and values
// [batch, keys, heads * depth]. A head's scores are computed for a block of the queries at a time, and again for the gradient
// from the logarithm of each row's sum, as in FlashAttention-2 (Dao, arXiv 2307.08691), so none of them reach memory.
#include <algorithm>
#include <cmath>
#include <vector>

#include "matrix.h"
#include "operation.h"
#include "parallel.h"
#include "vector.h"

namespace textcraftor {

/// Queries of a block: as many as stay in registers.
constexpr std::int64_t kQueries = 4 * kLanes;

/// The score of a key that is not looked at.
constexpr float kUnseen = -1e30f;

/// PANELS * kLanes queries at once: a column of `scores` [keys, stride] is a query. Scores become probabilities; also gives each
/// query's largest score, and 1 / the sum of its exponentials.
template <int PANELS>
INLINE void softmaxOf(float* scores, std::int64_t keys, std::int64_t stride, float* largest, float* scales) {
  Vector most[PANELS], sum[PANELS] = {};
  for (int p = 0; p < PANELS; p++) most[p] = vectorAt(scores + p * kLanes);
  for (std::int64_t j = 1; j < keys; j++)
    for (int p = 0; p < PANELS; p++) {
      const Vector next = vectorAt(scores + j * stride + p * kLanes);
      most[p] = next > most[p] ? next : most[p];
    }
  for (std::int64_t j = 0; j < keys; j++)
    for (int p = 0; p < PANELS; p++) {
      Vector& score = vectorAt(scores + j * stride + p * kLanes);
      score = exponential(score - most[p]);
      sum[p] += score;
    }
  for (int p = 0; p < PANELS; p++) sum[p] = 1.0f / sum[p];
  for (std::int64_t j = 0; j < keys; j++)
    for (int p = 0; p < PANELS; p++) vectorAt(scores + j * stride + p * kLanes) *= sum[p];
  for (int p = 0; p < PANELS; p++) {
    vectorAt(largest + p * kLanes) = most[p];
    vectorAt(scales + p * kLanes) = sum[p];
  }
}

/// Scores become probabilities, by what softmaxOf() found; gradients by the probabilities become those by the scores.
template <int PANELS>
INLINE void softmaxGradientOf(float* scores, float* gradients, std::int64_t keys, std::int64_t stride,
                              const float* largest, const float* scales) {
  Vector sum[PANELS] = {};
  for (std::int64_t j = 0; j < keys; j++)
    for (int p = 0; p < PANELS; p++) {
      Vector& score = vectorAt(scores + j * stride + p * kLanes);
      score = exponential(score - vectorAt(largest + p * kLanes)) * vectorAt(scales + p * kLanes);
      sum[p] += score * vectorAt(gradients + j * stride + p * kLanes);
    }
  for (std::int64_t j = 0; j < keys; j++)
    for (int p = 0; p < PANELS; p++) {
      Vector& gradient = vectorAt(gradients + j * stride + p * kLanes);
      gradient = vectorAt(scores + j * stride + p * kLanes) * (gradient - sum[p]);
    }
}

/// Of the queries from `first` on, hides later keys: those after the query's own place.
FOR_EACH_PROCESSOR
void hideLaterKeys(float* scores, std::int64_t keys, std::int64_t stride, std::int64_t first) {
  for (std::int64_t j = 0; j < keys; j++)
    for (std::int64_t i = 0; i < std::min(stride, j - first); i++) scores[j * stride + i] = kUnseen;
}

FOR_EACH_PROCESSOR
void softmax(float* scores, std::int64_t keys, std::int64_t stride, float* largest, float* scales) {
  switch (stride / kLanes) {
    case 4: return softmaxOf<4>(scores, keys, stride, largest, scales);
    case 3: return softmaxOf<3>(scores, keys, stride, largest, scales);
    case 2: return softmaxOf<2>(scores, keys, stride, largest, scales);
    case 1: return softmaxOf<1>(scores, keys, stride, largest, scales);
  }
}

FOR_EACH_PROCESSOR
void softmaxGradient(float* scores, float* gradients, std::int64_t keys, std::int64_t stride, const float* largest,
                     const float* scales) {
  switch (stride / kLanes) {
    case 4: return softmaxGradientOf<4>(scores, gradients, keys, stride, largest, scales);
    case 3: return softmaxGradientOf<3>(scores, gradients, keys, stride, largest, scales);
    case 2: return softmaxGradientOf<2>(scores, gradients, keys, stride, largest, scales);
    case 1: return softmaxGradientOf<1>(scores, gradients, keys, stride, largest, scales);
  }
}

namespace {

struct Sizes {
  Sizes(const Shape& q, const Shape& k, std::int64_t heads)
      : batch(q[0]), queries(q[1]), keys(k[1]), width(q[2]), heads(heads), depth(q[2] / heads) {}
  std::int64_t batch, queries, keys, width, heads, depth;
  std::int64_t paddedQueries() const { return padded(queries); }
  std::int64_t paddedDepth() const { return padded(depth); }
  float scale() const { return 1 / std::sqrt(static_cast<float>(depth)); }
  /// Where the rows of a head begin, in queries or keys.
  std::int64_t start(std::int64_t unit, std::int64_t rows) const {
    return unit / heads * rows * width + unit % heads * depth;
  }
  std::int64_t work() const { return batch * heads * queries * keys; }
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
    float* largest = call.output(1, {n.batch, heads, n.paddedQueries()});
    float* scales = call.output(2, {n.batch, heads, n.paddedQueries()});
    inParallel(n.batch * heads, n.work(), [&](std::int64_t from, std::int64_t to) {
      std::vector<float> queries(n.depth * kQueries), values(n.keys * n.paddedDepth());
      std::vector<float> scores(n.keys * kQueries), results(kQueries * n.paddedDepth());
      for (std::int64_t unit = from; unit < to; unit++) {
        const std::int64_t keyStart = n.start(unit, n.keys);
        copy(v + keyStart, n.width, n.keys, n.depth, values.data(), n.paddedDepth());
        for (std::int64_t first = 0; first < n.queries; first += kQueries) {
          const std::int64_t rows = std::min(kQueries, n.queries - first), stride = padded(rows);
          const std::int64_t start = n.start(unit, n.queries) + first * n.width;
          const std::int64_t statistics = unit * n.paddedQueries() + first;
          transpose(q + start, n.width, rows, n.depth, n.scale(), queries.data(), stride);
          multiply({k + keyStart, n.width, 1}, queries.data(), n.keys, n.depth, stride, scores.data(), false);
          if (causal) hideLaterKeys(scores.data(), n.keys, stride, first);
          softmax(scores.data(), n.keys, stride, largest + statistics, scales + statistics);
          multiply({scores.data(), 1, stride}, values.data(), rows, n.keys, n.paddedDepth(), results.data(), false);
          write(results.data(), n.paddedDepth(), rows, n.depth, 1, y + start, n.width);
        }
      }
    });
  }

  std::int64_t heads;
  bool causal;
};

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
    const std::int64_t columns = n.paddedDepth();
    inParallel(n.batch * heads, n.work(), [&](std::int64_t from, std::int64_t to) {
      std::vector<float> keys(n.keys * columns), queriesT(n.depth * kQueries), dResultsT(n.depth * kQueries);
      std::vector<float> queries(kQueries * columns), dResults(kQueries * columns), dQueries(kQueries * columns);
      std::vector<float> scores(n.keys * kQueries), dScores(n.keys * kQueries);
      std::vector<float> dKeys(n.keys * columns), dValues(n.keys * columns);
      for (std::int64_t unit = from; unit < to; unit++) {
        const std::int64_t keyStart = n.start(unit, n.keys);
        copy(k + keyStart, n.width, n.keys, n.depth, keys.data(), columns);
        for (std::int64_t first = 0; first < n.queries; first += kQueries) {
          const std::int64_t rows = std::min(kQueries, n.queries - first), stride = padded(rows);
          const std::int64_t start = n.start(unit, n.queries) + first * n.width;
          const std::int64_t statistics = unit * n.paddedQueries() + first;
          transpose(q + start, n.width, rows, n.depth, n.scale(), queriesT.data(), stride);
          transpose(dy + start, n.width, rows, n.depth, 1, dResultsT.data(), stride);
          copy(q + start, n.width, rows, n.depth, queries.data(), columns);
          copy(dy + start, n.width, rows, n.depth, dResults.data(), columns);
          multiply({k + keyStart, n.width, 1}, queriesT.data(), n.keys, n.depth, stride, scores.data(), false);
          multiply({v + keyStart, n.width, 1}, dResultsT.data(), n.keys, n.depth, stride, dScores.data(), false);
          if (causal) hideLaterKeys(scores.data(), n.keys, stride, first);
          softmaxGradient(scores.data(), dScores.data(), n.keys, stride, largest + statistics, scales + statistics);
          multiply({dScores.data(), 1, stride}, keys.data(), rows, n.keys, columns, dQueries.data(), false);
          multiply({dScores.data(), stride, 1}, queries.data(), n.keys, rows, columns, dKeys.data(), first > 0);
          multiply({scores.data(), stride, 1}, dResults.data(), n.keys, rows, columns, dValues.data(), first > 0);
          write(dQueries.data(), columns, rows, n.depth, n.scale(), dq + start, n.width);
        }
        write(dKeys.data(), columns, n.keys, n.depth, n.scale(), dk + keyStart, n.width);
        write(dValues.data(), columns, n.keys, n.depth, 1, dv + keyStart, n.width);
      }
    });
  }

  std::int64_t heads;
  bool causal;
};

const Operation<Attention> attention;
const Operation<AttentionGrad> attentionGrad;

}  // namespace
}  // namespace textcraftor
