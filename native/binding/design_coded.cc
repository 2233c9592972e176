#include "design_coded.h"

namespace lowrank::binding {

void CodedDiffractionObject::define(Napi::Object exports) {
  auto members = designMembers();
  members.push_back(getter<CodedDiffractionObject, &CodedDiffractionObject::patterns>("patterns"));
  members.push_back(getter<CodedDiffractionObject, &CodedDiffractionObject::height>("height"));
  members.push_back(getter<CodedDiffractionObject, &CodedDiffractionObject::width>("width"));
  defineClass<CodedDiffractionObject>(exports, members);
}

Napi::Value CodedDiffractionObject::patterns(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(design_->patterns()));
}
Napi::Value CodedDiffractionObject::height(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(design_->height()));
}
Napi::Value CodedDiffractionObject::width(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(design_->imageWidth()));
}

CodedDiffractionObject::CodedDiffractionObject(const Napi::CallbackInfo& info) {
  expectArguments(info, "CodedDiffraction", 4);
  const std::int64_t patterns = integer(info[1], "patterns", 1, kMaxDimension);
  const std::int64_t height = integer(info[2], "height", 1, kMaxDimension);
  const std::int64_t width = integer(info[3], "width", 1, kMaxDimension);
  const std::int64_t numbers = product(patterns, product(height, width, "A mask"), "The masks");
  const AlignedBuffer<double> masks = copyOf(info[0], "masks", product(2, numbers, "The masks"));
  design_ = std::make_shared<CodedDiffraction>(masks.data(), patterns, height, width);
  holdBytes(info.Env(), design_->bytes());
}

}  // namespace lowrank::binding
