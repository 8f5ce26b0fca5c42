// Holds tensors between two runs of a graph without a copy. Keep stores them under a number, the ticket; Kept returns
// them, once.
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "operation.h"

namespace textcraftor {
namespace {

using Tensors = std::vector<Owned<TF_Tensor>>;

std::mutex mutex;
// Never destroyed: when the process ends, TensorFlow, which owns these tensors, may go first.
auto& kept = *new std::map<std::int32_t, Tensors>;

struct Keep {
  static const Signature& signature() {
    static const Signature signature{
        "TextCraftor>Keep", {"T: list(type) >= 0"}, {"ticket: int32", "values: T"}, {"done: int32"}, {0}, true,
        {"ticket", "done"}};
    return signature;
  }
  explicit Keep(Attributes) {}

  void run(Call& call) const {
    Tensors tensors;
    for (int i = 1; i < call.inputs(); i++) tensors.push_back(call.take(i));
    const std::int32_t ticket = call.ticket(0);
    call.give(0, call.take(0));
    std::lock_guard<std::mutex> lock(mutex);
    kept[ticket] = std::move(tensors);
  }
};

struct Kept {
  static const Signature& signature() {
    static const Signature signature{
        "TextCraftor>Kept", {"T: list(type) >= 0"}, {"ticket: int32"}, {"values: T"}, {}, true, {"ticket"}};
    return signature;
  }
  explicit Kept(Attributes) {}

  void run(Call& call) const {
    const std::int32_t ticket = call.ticket(0);
    std::unique_lock<std::mutex> lock(mutex);
    const auto found = kept.find(ticket);
    if (found == kept.end()) return call.fail("nothing is kept under ticket " + std::to_string(ticket));
    const Tensors tensors = std::move(found->second);
    kept.erase(found);
    lock.unlock();
    for (std::size_t i = 0; i < tensors.size(); i++) call.give(static_cast<int>(i), tensors[i]);
  }
};

const Operation<Keep> keep;
const Operation<Kept> takeKept;

}  // namespace
}  // namespace textcraftor
