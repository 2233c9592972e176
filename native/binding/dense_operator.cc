#include "dense_operator.h"

namespace lowrank::binding {

using Storage = DenseOperator::Storage;

void DenseOperatorObject::define(Napi::Object exports) {
  auto members = operatorMembers();
  members.push_back(getter<DenseOperatorObject, &DenseOperatorObject::storage>("storage"));
  members.push_back(method<DenseOperatorObject, &DenseOperatorObject::fill>("fill"));
  members.push_back(method<DenseOperatorObject, &DenseOperatorObject::fillGaussian>("fillGaussian"));
  members.push_back(method<DenseOperatorObject, &DenseOperatorObject::readMatrix>("readMatrix"));
  members.push_back(method<DenseOperatorObject, &DenseOperatorObject::streamRead>("streamRead"));
  defineClass<DenseOperatorObject>(exports, members);
}

DenseOperatorObject::DenseOperatorObject(const Napi::CallbackInfo& info) {
  expectArguments(info, "DenseOperator", 5);
  const std::int64_t measurements = integer(info[0], "measurements", 1, kMaxSafeInteger);
  const std::int64_t rows = integer(info[1], "rows", 1, kMaxDimension);
  const std::int64_t cols = integer(info[2], "cols", 1, kMaxDimension);
  const bool symmetric = boolean(info[3], "symmetric");
  const Storage storage =
      choice<Storage>(info[4], "storage", {{"float64", Storage::float64}, {"float32", Storage::float32}});
  if (symmetric && rows != cols) refuse("Expected as many rows as columns for a symmetric operator.");
  product(measurements, product(rows, cols, "A measurement matrix"), "The operator");

  operator_ = std::make_shared<DenseOperator>(measurements, rows, cols, symmetric, storage);
  holdBytes(info.Env(), operator_->bytes());
}

Napi::Value DenseOperatorObject::storage(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), operator_->storage() == Storage::float32 ? "float32" : "float64");
}

Napi::Value DenseOperatorObject::fill(const Napi::CallbackInfo& info) {
  requireUnused();
  const std::int64_t bad = fillRows(info, *operator_, matrixSize(), "matrices");
  return Napi::Number::New(info.Env(), static_cast<double>(bad));
}

Napi::Value DenseOperatorObject::fillGaussian(const Napi::CallbackInfo& info) {
  requireUnused();
  expectArguments(info, "fillGaussian", 3);
  const std::uint64_t stream = seed(info[0], "seed");
  const double scale = finiteNumber(info[1], "scale");
  Team team(threads(info[2]));
  operator_->fillGaussian(stream, scale, team);
  return info.Env().Undefined();
}

Napi::Value DenseOperatorObject::readMatrix(const Napi::CallbackInfo& info) {
  expectArguments(info, "readMatrix", 2);
  const std::int64_t index = integer(info[0], "index", 0, operator_->measurements() - 1);
  operator_->readMatrix(index, float64Array(info[1], "out", matrixSize()).data);
  return info.Env().Undefined();
}

Napi::Value DenseOperatorObject::streamRead(const Napi::CallbackInfo& info) {
  expectArguments(info, "streamRead", 1);
  Team team(threads(info[0]));
  return Napi::Number::New(info.Env(), operator_->streamRead(team));
}

}  // namespace lowrank::binding
