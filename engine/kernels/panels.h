// How large products of matrices are split. A panel is the columns that a processor computes at once; a group is as
// many rows as its caches hold while they are multiplied by one panel after the other.
#pragma once

#include <algorithm>
#include <cstdint>

#include "matrix.h"
#include "parallel.h"

namespace textcraftor {

/// Rows per group: as many as fit in a processor's caches, but enough that preparing a panel for each group takes
/// little time.
constexpr std::int64_t kCache = 1 << 19, kFewRows = 96;

/// Calls `f(row, rows, column, end)` for groups of rows, side by side: for rows from `row` on, and panels of the
/// columns from `column` to `end`, which are all of them unless there are more threads than groups. The terms and the
/// order of each element's sum do not depend on it. `size` is how many numbers of a row are in the cache,
/// `multiplications` how many there are in all.
template <class F>
void forGroups(std::int64_t rows, std::int64_t size, std::int64_t columns, std::int64_t multiplications, F f) {
  // In the time of one element elsewhere a thread does this many multiplications.
  constexpr std::int64_t kAtOnce = 64;
  if (rows == 0) return;
  const std::int64_t group = std::min(rows, std::max(kFewRows, kCache / size));
  const std::int64_t groups = (rows + group - 1) / group;
  const std::int64_t panel = panelColumns(), panels = (columns + panel - 1) / panel;
  const std::int64_t shares = std::min(panels, (threads() + groups - 1) / groups);
  inParallel(groups * shares, multiplications / kAtOnce, [=](std::int64_t from, std::int64_t to) {
    for (std::int64_t unit = from; unit < to; unit++) {
      const std::int64_t row = unit / shares * group, share = unit % shares;
      f(row, std::min(group, rows - row), panels * share / shares * panel,
        std::min(columns, panels * (share + 1) / shares * panel));
    }
  });
}

}  // namespace textcraftor
