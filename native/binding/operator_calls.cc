// measure(), adjoint() and gradient(): one pass of an operator, for methods written in TypeScript.
#include "../core/linalg/matrix.h"
#include "../core/operators/operator.h"
#include "arguments.h"
#include "exports.h"
#include "operator_object.h"

namespace lowrank::binding {
namespace {

// Copies of the factors. The symmetric model, told by `right` being null, has its one factor in both views.
struct Factors {
  AlignedBuffer<double> left, right;
  FactorPair pair;
  bool symmetric = false;
};

Factors factorArguments(Napi::Value left, Napi::Value right, Napi::Value rankValue, const MeasurementOperator& op) {
  Factors factors;
  const std::int64_t rank = integer(rankValue, "rank", 1, kMaxDimension);
  factors.symmetric = right.IsNull();
  if (factors.symmetric && op.rows() != op.cols()) refuse("Expected a right factor: the operator is not square.");
  factors.left = copyOf(left, "left", product(op.rows(), rank, "The left factor"));
  factors.pair.left = {factors.left.data(), op.rows(), rank};
  factors.pair.right = factors.pair.left;
  if (!factors.symmetric) {
    factors.right = copyOf(right, "right", product(op.cols(), rank, "The right factor"));
    factors.pair.right = {factors.right.data(), op.cols(), rank};
  }
  return factors;
}

Napi::Value measure(const Napi::CallbackInfo& info) {
  expectArguments(info, "measure", 6);
  const auto op = operatorArgument(info[0]).shared();
  const Factors x = factorArguments(info[1], info[2], info[3], *op);
  const Span<double> out = float64Array(info[4], "out", op->measurements());
  Team team(threads(info[5]));
  const auto workspace = op->workspace();
  op->measure(x.pair, out.data, *workspace, team);
  return info.Env().Undefined();
}

Napi::Value adjoint(const Napi::CallbackInfo& info) {
  expectArguments(info, "adjoint", 4);
  const auto op = operatorArgument(info[0]).shared();
  const AlignedBuffer<double> residual = copyOf(info[1], "residual", op->measurements());
  const Span<double> out = float64Array(info[2], "out", product(op->rows(), op->cols(), "The image"));
  Team team(threads(info[3]));
  const auto workspace = op->workspace();
  op->adjoint(residual.data(), nullptr, *workspace, team);
  workspace->image().toDense({out.data, op->rows(), op->cols()});
  return info.Env().Undefined();
}

// With Z = A*(A(X) - y): symmetric, f = 1/4 ||.||^2: 1/2 (Z + Z^T) U; asymmetric, f = 1/2 ||.||^2: Z G and Z^T F.
Napi::Value gradient(const Napi::CallbackInfo& info) {
  expectArguments(info, "gradient", 9);
  const auto op = operatorArgument(info[0]).shared();
  const std::int64_t m = op->measurements();
  const AlignedBuffer<double> y = copyOf(info[1], "y", m);
  const Factors x = factorArguments(info[2], info[3], info[4], *op);
  const Span<double> residual = float64Array(info[5], "residual", m);
  const Span<double> gradLeft = float64Array(info[6], "gradLeft", x.pair.left.size());
  Span<double> gradRight;
  if (!x.symmetric) {
    gradRight = float64Array(info[7], "gradRight", x.pair.right.size());
  } else if (!info[7].IsNull()) {
    refuse("Expected null for gradRight in the symmetric model but " + received(info[7]) + ".");
  }
  Team team(threads(info[8]));

  const auto workspace = op->workspace();
  op->residualAndImage(x.pair, y.data(), nullptr, residual.data, *workspace, team);
  const AdjointImage& image = workspace->image();
  const Matrix left{gradLeft.data, x.pair.left.rows, x.pair.left.cols};
  image.times(x.pair.right, left);
  if (!x.symmetric) {
    image.transposeTimes(x.pair.left, {gradRight.data, x.pair.right.rows, x.pair.right.cols});
  } else if (!op->symmetric()) {
    AlignedBuffer<double> transposed(left.size());
    const Matrix other{transposed.data(), left.rows, left.cols};
    image.transposeTimes(x.pair.left, other);
    for (std::int64_t i = 0; i < left.size(); ++i) left.data[i] = 0.5 * (left.data[i] + other.data[i]);
  }
  const double squared = squaredNorm({residual.data, m, 1});
  return Napi::Number::New(info.Env(), (x.symmetric ? 0.25 : 0.5) * squared);
}

}  // namespace

void exportOperatorCalls(Napi::Object exports) {
  exportFunction<measure>(exports, "measure");
  exportFunction<adjoint>(exports, "adjoint");
  exportFunction<gradient>(exports, "gradient");
}

}  // namespace lowrank::binding
