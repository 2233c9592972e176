// factorSvd(): singular values and vectors of left right^T from its factors, as a job.
#include <algorithm>
#include <cstring>
#include <utility>

#include "../core/linalg/lapack.h"
#include "arguments.h"
#include "exports.h"
#include "jobs.h"

namespace lowrank::binding {
namespace {

using Buffer = AlignedBuffer<double>;

void transpose(ConstMatrix a, Matrix out) {
  for (std::int64_t i = 0; i < a.rows; ++i) {
    for (std::int64_t j = 0; j < a.cols; ++j) out.data[j * a.rows + i] = a.data[i * a.cols + j];
  }
}

class FactorSvdWork : public Work {
 public:
  FactorSvdWork(Buffer left, Buffer right, std::int64_t rows, std::int64_t cols, std::int64_t rank)
      : left_{std::move(left)}, right_{std::move(right)}, rows_(rows), cols_(cols), rank_(rank) {}

  void execute() override {
    const std::int64_t thin = std::min({rows_, cols_, rank_});
    values = Buffer(thin);
    leftVectors = Buffer(rows_ * thin);
    rightVectors = Buffer(cols_ * thin);
    if (right_.size() == 0) {
      symmetric();
    } else if (rank_ > std::min(rows_, cols_)) {
      wide();
    } else {
      tall();
    }
  }

  void cancel() noexcept override {}  // LAPACK cannot be interrupted

  Buffer values, leftVectors, rightVectors;

 private:
  // L = U S V^T gives L L^T = U S^2 U^T: no accuracy is lost by forming the square.
  void symmetric() {
    const std::int64_t thin = values.size();
    Buffer vt(thin * rank_);
    SingularValueDecomposition svd(rows_, rank_);
    svd.compute({left_.data(), rows_, rank_}, {leftVectors.data(), rows_, thin}, values.data(),
                {vt.data(), thin, rank_});
    for (std::int64_t i = 0; i < thin; ++i) values[i] *= values[i];
    std::memcpy(rightVectors.data(), leftVectors.data(), static_cast<std::size_t>(leftVectors.bytes()));
  }

  // More columns than the product has rows or columns: the product is the smaller matrix.
  void wide() {
    const std::int64_t thin = values.size();
    Buffer x(rows_ * cols_), vt(thin * cols_);
    multiply(1, {left_.data(), rows_, rank_}, Transpose::no, {right_.data(), cols_, rank_}, Transpose::yes, 0,
             {x.data(), rows_, cols_});
    SingularValueDecomposition svd(rows_, cols_);
    svd.compute({x.data(), rows_, cols_}, {leftVectors.data(), rows_, thin}, values.data(), {vt.data(), thin, cols_});
    transpose({vt.data(), thin, cols_}, {rightVectors.data(), cols_, thin});
  }

  // L = Q1 R1, R = Q2 R2, then the small SVD R1 R2^T = U S V^T gives Q1 U, S, Q2 V.
  void tall() {
    const std::int64_t k = rank_;
    Buffer q1(rows_ * k), q2(cols_ * k), r1(k * k), r2(k * k), core(k * k), u(k * k), vt(k * k);
    const Matrix leftBasis{q1.data(), rows_, k}, rightBasis{q2.data(), cols_, k};
    QrDecomposition(rows_, k).compute({left_.data(), rows_, k}, leftBasis, {r1.data(), k, k});
    QrDecomposition(cols_, k).compute({right_.data(), cols_, k}, rightBasis, {r2.data(), k, k});
    multiply(1, {r1.data(), k, k}, Transpose::no, {r2.data(), k, k}, Transpose::yes, 0, {core.data(), k, k});
    SingularValueDecomposition(k, k).compute({core.data(), k, k}, {u.data(), k, k}, values.data(), {vt.data(), k, k});
    multiply(1, leftBasis, Transpose::no, {u.data(), k, k}, Transpose::no, 0, {leftVectors.data(), rows_, k});
    multiply(1, rightBasis, Transpose::no, {vt.data(), k, k}, Transpose::yes, 0, {rightVectors.data(), cols_, k});
  }

  const Buffer left_, right_;  // right_ is empty in the symmetric model
  const std::int64_t rows_, cols_, rank_;
};

Napi::Value arrayOf(Napi::Env env, const Buffer& buffer) {
  Napi::Float64Array array = Napi::Float64Array::New(env, static_cast<std::size_t>(buffer.size()));
  std::memcpy(array.Data(), buffer.data(), static_cast<std::size_t>(buffer.bytes()));
  return array;
}

Napi::Value factorSvd(const Napi::CallbackInfo& info) {
  expectArguments(info, "factorSvd", 6);
  const std::int64_t rows = integer(info[2], "rows", 1, kMaxDimension);
  const std::int64_t cols = integer(info[3], "cols", 1, kMaxDimension);
  const std::int64_t rank = integer(info[4], "rank", 1, kMaxDimension);
  const Napi::Function done = function(info[5], "done");
  Buffer left = copyOf(info[0], "left", product(rows, rank, "The left factor"));
  Buffer right;
  if (!info[1].IsNull()) {
    right = copyOf(info[1], "right", product(cols, rank, "The right factor"));
  } else if (rows != cols) {
    refuse("Expected a right factor: the matrix is not square.");
  }

  auto work = std::make_shared<FactorSvdWork>(std::move(left), std::move(right), rows, cols, rank);
  const auto finish = [work](Napi::Env env, bool failed) -> Napi::Value {
    if (failed) return env.Undefined();
    Napi::Object result = Napi::Object::New(env);
    result.Set("values", arrayOf(env, work->values));
    result.Set("left", arrayOf(env, work->leftVectors));
    result.Set("right", arrayOf(env, work->rightVectors));
    return result;
  };
  Environment::of(info.Env()).start(work, done, Napi::Object(), finish);
  return info.Env().Undefined();
}

}  // namespace

void exportFactorSvd(Napi::Object exports) { exportFunction<factorSvd>(exports, "factorSvd"); }

}  // namespace lowrank::binding
