// TensorFlow writes a line such as "oneDNN custom operations are on" when its library is loaded, whatever
// TF_CPP_MIN_LOG_LEVEL says. This is absl::MinLogLevel() of the Abseil in that library, found before its own: it makes
// the variable take effect. Abseil's headers are not in the wheel, hence the namespaces by hand; with another Abseil
// the name differs, nothing calls this, and the line is back.
#include <cstdlib>

namespace absl {
namespace lts_20250814 {

enum class LogSeverityAtLeast : int {};

LogSeverityAtLeast MinLogLevel() {
  const char* level = std::getenv("TF_CPP_MIN_LOG_LEVEL");
  return static_cast<LogSeverityAtLeast>(level == nullptr ? 0 : std::atoi(level));
}

}  // namespace lts_20250814
}  // namespace absl
