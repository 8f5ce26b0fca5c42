// Makes a TensorFlow operation from a class, by TensorFlow's C API for kernels (tensorflow/c/ops.h, kernels.h).
//
//     struct Twice {
//       static const Signature& signature() {
//         static const Signature signature{"TextCraftor>Twice", {}, {"x: float"}, {"y: float"}, {0}};
//         return signature;
//       }
//       explicit Twice(Attributes) {}
//       void run(Call& call) const;
//     };
//     static const Operation<Twice> twice;
//
// Kernels run on the CPU. Types and shapes were checked where the graph was recorded.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"

namespace textcraftor {

using Shape = std::vector<std::int64_t>;

inline std::int64_t sizeOf(const Shape& shape) {
  std::int64_t size = 1;
  for (auto length : shape) size *= length;
  return size;
}

struct Delete {
  void operator()(TF_Status* status) const { TF_DeleteStatus(status); }
  void operator()(TF_Tensor* tensor) const { TF_DeleteTensor(tensor); }
  void operator()(TF_ShapeHandle* shape) const { TF_DeleteShapeHandle(shape); }
};
template <class T>
using Owned = std::unique_ptr<T, Delete>;

inline Owned<TF_Status> newStatus() { return Owned<TF_Status>(TF_NewStatus()); }

/// The attributes of a node; TensorFlow makes no kernel if one is missing.
class Attributes {
 public:
  explicit Attributes(TF_OpKernelConstruction* construction) : construction_(construction) {}

  std::int64_t integer(const char* name) const {
    std::int64_t value = 0;
    TF_OpKernelConstruction_GetAttrInt64(construction_, name, &value, newStatus().get());
    return value;
  }
  float number(const char* name) const {
    float value = 0;
    TF_OpKernelConstruction_GetAttrFloat(construction_, name, &value, newStatus().get());
    return value;
  }
  bool flag(const char* name) const {
    TF_Bool value = 0;
    TF_OpKernelConstruction_GetAttrBool(construction_, name, &value, newStatus().get());
    return value != 0;
  }

 private:
  TF_OpKernelConstruction* construction_;
};

/// One run of a node.
class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context), status_(newStatus()) {}

  const float* input(int index) { return static_cast<const float*>(TF_TensorData(tensor(index))); }

  int inputs() const { return TF_NumInputs(context_); }
  std::int32_t ticket(int index) { return *static_cast<const std::int32_t*>(TF_TensorData(tensor(index))); }
  /// An input as it is, to be held beyond this run.
  Owned<TF_Tensor> take(int index) {
    tensor(index);
    return std::move(inputs_[index]);
  }
  void give(int index, const Owned<TF_Tensor>& tensor) { TF_SetOutput(context_, index, tensor.get(), status_.get()); }
  void fail(const std::string& message) {
    TF_SetStatus(status_.get(), TF_INTERNAL, message.c_str());
    TF_OpKernelContext_Failure(context_, status_.get());
  }

  Shape shape(int index) {
    const TF_Tensor* of = tensor(index);
    Shape shape(TF_NumDims(of));
    for (std::size_t axis = 0; axis < shape.size(); axis++) shape[axis] = TF_Dim(of, static_cast<int>(axis));
    return shape;
  }

  float* output(int index, const Shape& shape) {
    outputs_.emplace_back(TF_AllocateOutput(context_, index, TF_FLOAT, shape.data(), static_cast<int>(shape.size()),
                                            sizeOf(shape) * sizeof(float), status_.get()));
    return static_cast<float*>(TF_TensorData(outputs_.back().get()));
  }

 private:
  TF_Tensor* tensor(int index) {
    if (inputs_.size() <= static_cast<std::size_t>(index)) inputs_.resize(index + 1);
    if (!inputs_[index]) {
      TF_Tensor* found = nullptr;
      TF_GetInput(context_, index, &found, status_.get());
      inputs_[index].reset(found);
    }
    return inputs_[index].get();
  }

  TF_OpKernelContext* context_;
  Owned<TF_Status> status_;
  std::vector<Owned<TF_Tensor>> inputs_;
  std::vector<Owned<TF_Tensor>> outputs_;
};

/// `like`: for each of the first outputs, the input whose shape it has; -1 for another shape.
struct Signature {
  const char* name;
  std::initializer_list<const char*> attributes;
  std::initializer_list<const char*> inputs;
  std::initializer_list<const char*> outputs;
  std::initializer_list<int> like;
  /// Whether it does more than compute its outputs.
  bool isStateful = false;
  /// Inputs and outputs that lie in the host's memory on a GPU, for an operation that only moves tensors and can.
  std::initializer_list<const char*> onHost = {};
};

/// Registers `Kernel` with TensorFlow when the library is loaded.
template <class Kernel>
class Operation {
 public:
  Operation() {
    const Signature& signature = Kernel::signature();
    auto status = newStatus();
    auto* definition = TF_NewOpDefinitionBuilder(signature.name);
    for (auto* attribute : signature.attributes) TF_OpDefinitionBuilderAddAttr(definition, attribute);
    for (auto* input : signature.inputs) TF_OpDefinitionBuilderAddInput(definition, input);
    for (auto* output : signature.outputs) TF_OpDefinitionBuilderAddOutput(definition, output);
    TF_OpDefinitionBuilderSetIsStateful(definition, signature.isStateful);
    TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, &inferShapes);
    TF_RegisterOpDefinition(definition, status.get());
    auto* kernel = TF_NewKernelBuilder(signature.name, "CPU", &create, &compute, &destroy);
    TF_RegisterKernelBuilder(signature.name, kernel, status.get());
    if (signature.onHost.size() == 0) return;
    auto* mover = TF_NewKernelBuilder(signature.name, "GPU", &create, &compute, &destroy);
    for (auto* argument : signature.onHost) TF_KernelBuilder_HostMemory(mover, argument);
    TF_RegisterKernelBuilder(signature.name, mover, status.get());
  }

 private:
  static void* create(TF_OpKernelConstruction* construction) { return new Kernel(Attributes(construction)); }
  static void compute(void* kernel, TF_OpKernelContext* context) {
    Call call(context);
    static_cast<const Kernel*>(kernel)->run(call);
  }
  static void destroy(void* kernel) { delete static_cast<Kernel*>(kernel); }

  static void inferShapes(TF_ShapeInferenceContext* context, TF_Status* status) {
    TF_ShapeInferenceContextSetUnknownShape(context, status);
    int index = 0;
    for (int like : Kernel::signature().like) {
      Owned<TF_ShapeHandle> shape(TF_NewShapeHandle());
      if (like >= 0) {
        TF_ShapeInferenceContextGetInput(context, like, shape.get(), status);
        TF_ShapeInferenceContextSetOutput(context, index, shape.get(), status);
      }
      index++;
    }
  }
};

}  // namespace textcraftor
