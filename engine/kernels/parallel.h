#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <thread>
#include <vector>

namespace textcraftor {

/// Threads that an operation may use: TensorFlow's own setting.
inline std::int64_t threads() {
  static const std::int64_t count = [] {
    const char* set = std::getenv("TF_NUM_INTRAOP_THREADS");
    const std::int64_t given = set == nullptr ? 0 : std::atoll(set);
    return given > 0 ? given : static_cast<std::int64_t>(std::thread::hardware_concurrency());
  }();
  return count;
}

/// Elements from which on another thread gains more than it costs to start.
constexpr std::int64_t kWorthAThread = 1 << 18;

/// Calls `f(from, to)` for parts of the `units`, side by side if there is enough to do.
inline void inParallel(std::int64_t units, std::int64_t elements,
                       const std::function<void(std::int64_t from, std::int64_t to)>& f) {
  const std::int64_t parts = std::min({threads(), units, elements / kWorthAThread});
  if (parts <= 1) return f(0, units);
  std::vector<std::thread> others;
  for (std::int64_t part = 1; part < parts; part++)
    others.emplace_back([&, part] { f(units * part / parts, units * (part + 1) / parts); });
  f(0, units / parts);
  for (auto& thread : others) thread.join();
}

/// Adds the `count` rows, in their order, to `sum` [width]: the sums of the parts of the work.
inline void addRows(const float* rows, std::int64_t count, std::int64_t width, float* sum) {
  for (std::int64_t row = 0; row < count; row++)
    for (std::int64_t i = 0; i < width; i++) sum[i] += rows[row * width + i];
}

}  // namespace textcraftor
