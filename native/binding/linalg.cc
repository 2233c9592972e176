// svd(), eigh() and qr(): small decompositions on the calling thread. Inputs are copied first, so outputs may share
// memory with them.
#include <algorithm>

#include "../core/linalg/lapack.h"
#include "arguments.h"
#include "exports.h"

namespace lowrank::binding {
namespace {

Napi::Value svd(const Napi::CallbackInfo& info) {
  expectArguments(info, "svd", 6);
  const std::int64_t rows = integer(info[1], "rows", 1, kMaxDimension);
  const std::int64_t cols = integer(info[2], "cols", 1, kMaxDimension);
  const std::int64_t thin = std::min(rows, cols);
  const AlignedBuffer<double> a = copyOf(info[0], "a", product(rows, cols, "The matrix"));
  const Span<double> u = float64Array(info[3], "u", product(rows, thin, "The matrix u"));
  const Span<double> s = float64Array(info[4], "s", thin);
  const Span<double> vt = float64Array(info[5], "vt", product(thin, cols, "The matrix vt"));
  SingularValueDecomposition decomposition(rows, cols);
  decomposition.compute({a.data(), rows, cols}, {u.data, rows, thin}, s.data, {vt.data, thin, cols});
  return Napi::Number::New(info.Env(), static_cast<double>(decomposition.fallbacks()));
}

Napi::Value eigh(const Napi::CallbackInfo& info) {
  expectArguments(info, "eigh", 4);
  const std::int64_t n = integer(info[1], "n", 1, kMaxDimension);
  const AlignedBuffer<double> a = copyOf(info[0], "a", product(n, n, "The matrix"));
  const Span<double> values = float64Array(info[2], "values", n);
  const Span<double> vectors = float64Array(info[3], "vectors", a.size());
  SymmetricEigen decomposition(n);
  decomposition.compute({a.data(), n, n}, values.data, {vectors.data, n, n});
  return Napi::Number::New(info.Env(), static_cast<double>(decomposition.fallbacks()));
}

Napi::Value qr(const Napi::CallbackInfo& info) {
  expectArguments(info, "qr", 5);
  const std::int64_t rows = integer(info[1], "rows", 1, kMaxDimension);
  const std::int64_t cols = integer(info[2], "cols", 1, kMaxDimension);
  if (rows < cols) refuse("Expected at least as many rows as columns for qr.");
  const AlignedBuffer<double> a = copyOf(info[0], "a", product(rows, cols, "The matrix"));
  const Span<double> q = float64Array(info[3], "q", a.size());
  const Span<double> r = float64Array(info[4], "r", product(cols, cols, "The matrix r"));
  QrDecomposition decomposition(rows, cols);
  decomposition.compute({a.data(), rows, cols}, {q.data, rows, cols}, {r.data, cols, cols});
  return info.Env().Undefined();
}

}  // namespace

void exportLinearAlgebra(Napi::Object exports) {
  exportFunction<svd>(exports, "svd");
  exportFunction<eigh>(exports, "eigh");
  exportFunction<qr>(exports, "qr");
}

}  // namespace lowrank::binding
