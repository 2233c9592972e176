#include "design_dense.h"

namespace lowrank::binding {

void DenseDesignObject::define(Napi::Object exports) {
  auto members = designMembers();
  members.push_back(method<DenseDesignObject, &DenseDesignObject::fill>("fill"));
  members.push_back(method<DenseDesignObject, &DenseDesignObject::fillGaussian>("fillGaussian"));
  members.push_back(method<DenseDesignObject, &DenseDesignObject::readRow>("readRow"));
  members.push_back(method<DenseDesignObject, &DenseDesignObject::streamRead>("streamRead"));
  defineClass<DenseDesignObject>(exports, members);
}

DenseDesignObject::DenseDesignObject(const Napi::CallbackInfo& info) {
  expectArguments(info, "DenseDesign", 3);
  const std::int64_t measurements = integer(info[0], "measurements", 1, kMaxSafeInteger);
  const std::int64_t dimension = integer(info[1], "dimension", 1, kMaxDimension);
  const Field field = fieldArgument(info[2], "field");
  product(measurements, 2 * dimension, "The design");
  design_ = std::make_shared<DenseDesign>(measurements, dimension, field);
  holdBytes(info.Env(), design_->bytes());
}

Napi::Value DenseDesignObject::fill(const Napi::CallbackInfo& info) {
  requireUnused();
  const std::int64_t bad = fillRows(info, *design_, design_->width(design_->dimension()), "rows");
  if (bad >= 0) {
    throw Error(ErrorCode::nonFinite,
                "Expected finite numbers in values but found one that is not at index " + std::to_string(bad) + ".");
  }
  return info.Env().Undefined();
}

Napi::Value DenseDesignObject::fillGaussian(const Napi::CallbackInfo& info) {
  requireUnused();
  expectArguments(info, "fillGaussian", 2);
  const std::uint64_t stream = seed(info[0], "seed");
  Team team(threads(info[1]));
  design_->fillGaussian(stream, team);
  return info.Env().Undefined();
}

Napi::Value DenseDesignObject::readRow(const Napi::CallbackInfo& info) {
  expectArguments(info, "readRow", 2);
  const std::int64_t index = integer(info[0], "index", 0, design_->measurements() - 1), n = design_->dimension();
  const Span<double> out = vectorOutput(info[1], "out", n, design_->field());
  AlignedBuffer<double> row(design_->width(n));
  design_->readRow(index, row.data());
  joinInto(row.data(), n, design_->field(), out.data);
  return info.Env().Undefined();
}

Napi::Value DenseDesignObject::streamRead(const Napi::CallbackInfo& info) {
  expectArguments(info, "streamRead", 1);
  Team team(threads(info[0]));
  return Napi::Number::New(info.Env(), design_->streamRead(team));
}

}  // namespace lowrank::binding
