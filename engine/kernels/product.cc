// y [rows, out] = x [rows, in] w, plus a bias [out] if given. w is [in, out], or [out, in] if transposed.
#include <algorithm>

#include "matrix.h"
#include "operation.h"
#include "panels.h"
#include "scratch.h"

namespace textcraftor {
namespace {

/// Numbers of a row of x that are multiplied before the next ones.
constexpr std::int64_t kDepth = 512;

struct Product {
  static const Signature& signature() {
    static const Signature signature{"TextCraftor>Product",
                                     {"transposed: bool", "N: int >= 0"},
                                     {"x: float", "w: float", "bias: N * float"},
                                     {"y: float"},
                                     {-1}};
    return signature;
  }
  explicit Product(Attributes attributes) : transposed(attributes.flag("transposed")) {}

  void run(Call& call) const {
    const Shape n = call.shape(0), m = call.shape(1);
    const std::int64_t rows = n[0], in = n[1], out = m[transposed ? 0 : 1];
    const float *x = call.input(0), *w = call.input(1), *bias = call.inputs() > 2 ? call.input(2) : nullptr;
    float* y = call.output(0, {rows, out});
    const auto compute = [=](std::int64_t row, std::int64_t rows, std::int64_t column, std::int64_t end) {
      const std::int64_t panel = panelColumns();
      const auto factors = scratch(std::min(in, kDepth) * panel), results = scratch(rows * panel);
      const auto start = scratch(panel);
      for (; column < end; column += panel) {
        const std::int64_t columns = std::min(panel, end - column), stride = padded(columns);
        const Rows<float> written{y + row * out + column, out};
        const Rows<float> sums = columns == stride ? written : Rows<float>{results.get(), stride};
        // The memory behind the last bias must not be read.
        if (bias != nullptr) std::copy_n(bias + column, columns, start.get());
        for (std::int64_t k = 0; k < in; k += kDepth) {
          const std::int64_t depth = std::min(kDepth, in - k);
          const Rows<float> packed{factors.get(), stride};
          if (transposed)
            transpose({w + column * in + k, in}, columns, depth, 1, packed);
          else
            pad({w + k * out + column, out}, depth, columns, packed);
          multiply(plain({x + row * in + k, in}), packed.read(), rows, depth, stride, sums,
                   k > 0 ? sums.read() : Rows<const float>{bias == nullptr ? nullptr : start.get(), 0});
        }
        if (sums.data != written.data) unpad(sums.read(), rows, columns, written);
      }
    };
    forGroups(rows, std::min(in, kDepth), out, rows * in * out, compute);
  }

  bool transposed;
};

const Operation<Product> product;

}  // namespace
}  // namespace textcraftor
