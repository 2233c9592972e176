// Gauss-Newton on the manifold of rank-k matrices (10.6 and 10.11 of the design's matrix-sensing notes; the true
// linearised least squares of GNMR, Zilber and Nadler 2022, in the orthonormal coordinates of Luo, Huang, Li and Zhang,
// arXiv 2011.08360):
//   X = U S V^T,   xi = U M V^T + P V^T + U Q^T  with U^T P = 0 and V^T Q = 0,
//   xi minimises ||A(X + xi) - y||^2 + lambda ||xi||^2,   X+ = the best rank-k matrix near X + xi.
// Symmetric model: X = U S U^T, M symmetric, Q = P, and X+ the best positive semi-definite one.
// The least squares problem is solved by conjugate gradients, one fused pass each: the coordinates are orthonormal, so
// their number depends on the measurements (m against the degrees of freedom) and not on the condition number of X.
// Directions that the rank does not need are harmless: their singular values go to zero quadratically.
// Not checked: that the limit is a global minimum; a start far away can end in a local one when m is near the degrees
// of freedom.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>

#include "../error.h"
#include "../linalg/lapack.h"
#include "method.h"

namespace lowrank {
namespace {

// Coordinates of one tangent vector, in one buffer: M (k x k), P (rows x k) and, asymmetric only, Q (cols x k).
struct Tangent {
  Matrix core, left, right;
  double* data() const { return core.data; }
};

class RiemannianGaussNewton final : public Method {
 public:
  explicit RiemannianGaussNewton(const SolverState& state)
      : symmetric_(state.symmetricModel()),
        rows_(state.rows),
        cols_(state.cols),
        k_(state.rank),
        size_(k_ * k_ + rows_ * k_ + (symmetric_ ? 0 : cols_ * k_)),
        qrLeft_(rows_, k_),
        qrRight_(cols_, k_),
        small_(k_, k_),
        core_(symmetric_ ? 0 : 2 * k_, symmetric_ ? 0 : 2 * k_),
        eigen_(symmetric_ ? 2 * k_ : 0) {
    const std::int64_t k = k_, wide = 2 * k;
    // tangents, wide and spare factors with u and v, small squares, values, rows, cores
    buffer_ = AlignedBuffer<double>(5 * size_ + (rows_ + cols_) * (wide + 2 * k) + 5 * k * k + wide + k +
                                    2 * state.measurements + 3 * wide * wide);
    next_ = buffer_.data();
    gradient_ = takeTangent();
    solution_ = takeTangent();
    remainder_ = takeTangent();
    direction_ = takeTangent();
    image_ = takeTangent();
    wideLeft_ = take(rows_, wide);
    wideRight_ = take(cols_, wide);
    spareLeft_ = take(rows_, k);
    spareRight_ = take(cols_, k);
    u_ = take(rows_, k);
    v_ = symmetric_ ? u_ : take(cols_, k);
    r1_ = take(k, k);
    r2_ = take(k, k);
    square_ = take(k, k);
    a_ = take(k, k);
    b_ = take(k, k);
    values_ = take(1, wide).data;
    s_ = take(1, k).data;
    zeros_ = take(1, state.measurements).data;
    scratch_ = take(1, state.measurements).data;
    bigCore_ = take(wide, wide);
    bigLeft_ = take(wide, wide);
    bigRight_ = take(wide, wide);
  }

  std::int64_t bytes() const override { return buffer_.bytes(); }

  bool step(SolverState& state, Team& team) override {
    decompose(state);
    project(state.workspace->image(), gradient_);
    const double before = state.trainSquared;
    const double floor = 1e-30 * state.yTrainNorm * state.yTrainNorm;
    const double residual = state.yTrainNorm > 0 ? std::sqrt(before) / state.yTrainNorm : 0;
    const double forcing = std::clamp(residual, tightestForcing, loosestForcing);
    for (int attempt = 0;; ++attempt) {
      if (!solve(state, team, forcing, damping_ * state.scale)) return false;
      retract(state);
      if (!state.evaluate(team)) return false;
      if (std::isfinite(state.trainSquared) && state.trainSquared <= before * (1 + 1e-10) + floor) break;
      ++state.info.rejectedSteps;
      damping_ = std::max(10 * damping_, firstDamping);
      if (attempt == maxRejections) {  // stay: the loop's stall rule decides
        writeFactors(state, u_, s_, v_);
        return state.evaluate(team);
      }
    }
    const double ratio = before > 0 ? std::sqrt(state.trainSquared / before) : 0;
    if (ratio < 0.5) {
      damping_ *= 0.1;
    } else if (ratio < 0.9) {
      damping_ *= 0.5;
    }
    if (damping_ < 1e-6) damping_ = 0;
    state.info.step = 1;
    return true;
  }

 private:
  Matrix take(std::int64_t rows, std::int64_t cols) {
    const Matrix m{next_, rows, cols};
    next_ += rows * cols;
    return m;
  }
  Tangent takeTangent() {
    Tangent t;
    t.core = take(k_, k_);
    t.left = take(rows_, k_);
    t.right = symmetric_ ? t.left : take(cols_, k_);
    return t;
  }

  // Inner product of the matrices that the coordinates stand for.
  double inner(const Tangent& a, const Tangent& b) const {
    const double core = innerProduct(a.core, b.core), left = innerProduct(a.left, b.left);
    return core + left + (symmetric_ ? left : innerProduct(a.right, b.right));
  }
  void addTangent(double alpha, const Tangent& x, const Tangent& y) const {  // y <- y + alpha x
    addScaled(alpha, {x.data(), 1, size_}, {y.data(), 1, size_});
  }

  // The factors as U S V^T.
  void decompose(const SolverState& state) {
    qrLeft_.compute(state.left, spareLeft_, r1_);
    if (symmetric_) {
      small_.compute(r1_, a_, s_, b_);
      for (std::int64_t j = 0; j < k_; ++j) s_[j] *= s_[j];
      multiply(1, spareLeft_, Transpose::no, a_, Transpose::no, 0, u_);
      return;
    }
    qrRight_.compute(state.right, spareRight_, r2_);
    multiply(1, r1_, Transpose::no, r2_, Transpose::yes, 0, square_);
    small_.compute(square_, a_, s_, b_);
    multiply(1, spareLeft_, Transpose::no, a_, Transpose::no, 0, u_);
    multiply(1, spareRight_, Transpose::no, b_, Transpose::yes, 0, v_);
  }

  // Coordinates of the projection of Z onto the tangent space.
  void project(const AdjointImage& z, const Tangent& out) {
    z.times(v_, out.left);
    multiply(1, u_, Transpose::yes, out.left, Transpose::no, 0, out.core);
    if (symmetric_) symmetrize(out.core);
    multiply(-1, u_, Transpose::no, out.core, Transpose::no, 1, out.left);
    if (!symmetric_) {
      z.transposeTimes(u_, out.right);
      multiply(-1, v_, Transpose::no, out.core, Transpose::yes, 1, out.right);
    }
  }

  // xi as a pair of factors of width 2k: [U M + P, U] [V, Q]^T.
  void widen(const Tangent& t) {
    std::memcpy(spareLeft_.data, t.left.data, static_cast<std::size_t>(rows_ * k_) * sizeof(double));
    multiply(1, u_, Transpose::no, t.core, Transpose::no, 1, spareLeft_);
    const auto join = [this](ConstMatrix a, ConstMatrix b, Matrix out) {
      const std::size_t bytes = static_cast<std::size_t>(k_) * sizeof(double);
      for (std::int64_t i = 0; i < out.rows; ++i) {
        std::memcpy(out.data + 2 * k_ * i, a.data + k_ * i, bytes);
        std::memcpy(out.data + 2 * k_ * i + k_, b.data + k_ * i, bytes);
      }
    };
    join(spareLeft_, u_, wideLeft_);
    join(v_, t.right, wideRight_);
  }

  // Conjugate gradients on (P A*A P + lambda) xi = -gradient, until the residual fell by `forcing`.
  bool solve(SolverState& state, Team& team, double forcing, double lambda) {
    std::fill_n(solution_.data(), size_, 0.0);
    // The right-hand side has norm 1 here: squares of tiny gradients would underflow.
    const double norm = std::sqrt(inner(gradient_, gradient_));
    if (!(norm > 0) || !std::isfinite(norm)) return true;
    for (std::int64_t i = 0; i < size_; ++i) {
      remainder_.data()[i] = direction_.data()[i] = -gradient_.data()[i] / norm;
    }
    double square = inner(remainder_, remainder_);
    const double goal = forcing * forcing;
    for (int i = 0; i < maxInner && square > goal && std::isfinite(square); ++i) {
      widen(direction_);
      const auto start = std::chrono::steady_clock::now();
      if (!state.op->residualAndImage({wideLeft_, wideRight_}, zeros_, state.heldOutOrNull(), scratch_,
                                      *state.workspace, team)) {
        return false;
      }
      state.info.passSeconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
      ++state.info.passes;
      ++state.info.forwardCount;
      ++state.info.adjointCount;
      project(state.workspace->image(), image_);
      if (lambda > 0) addTangent(lambda, direction_, image_);
      const double curvature = inner(direction_, image_);
      if (!(curvature > 0)) break;
      const double alpha = square / curvature;
      addTangent(alpha, direction_, solution_);
      addTangent(-alpha, image_, remainder_);
      const double next = inner(remainder_, remainder_);
      const double keep = next / square;
      for (std::int64_t i = 0; i < size_; ++i) {
        direction_.data()[i] = remainder_.data()[i] + keep * direction_.data()[i];
      }
      square = next;
    }
    for (std::int64_t i = 0; i < size_; ++i) solution_.data()[i] *= norm;
    return true;
  }

  // Factors of the best rank-k matrix near X + xi, from the 2k x 2k core of
  //   X + xi = [U Ql] [[S + M, Rr^T], [Rl, 0]] [V Qr]^T,   P = Ql Rl, Q = Qr Rr.
  void retract(SolverState& state) {
    const std::int64_t k = k_, wide = 2 * k;
    orthogonalise(u_, solution_.left);
    qrLeft_.compute(solution_.left, spareLeft_, r1_);
    ConstMatrix upper = r1_;
    if (!symmetric_) {
      orthogonalise(v_, solution_.right);
      qrRight_.compute(solution_.right, spareRight_, r2_);
      upper = r2_;
    }
    std::fill_n(bigCore_.data, wide * wide, 0.0);
    for (std::int64_t i = 0; i < k; ++i) {
      for (std::int64_t j = 0; j < k; ++j) {
        bigCore_.data[i * wide + j] = solution_.core.data[i * k + j] + (i == j ? s_[i] : 0.0);
        bigCore_.data[i * wide + k + j] = upper.data[j * k + i];
        bigCore_.data[(k + i) * wide + j] = r1_.data[i * k + j];
      }
    }
    if (symmetric_) {
      eigen_.compute(bigCore_, values_, bigLeft_);
    } else {
      core_.compute(bigCore_, bigLeft_, values_, bigRight_);
    }
    // A direction whose value is zero (or negative, symmetric model) is kept alive at the level of rounding.
    const double least = 1e-15 * std::max(values_[0], 0.0);
    for (std::int64_t j = 0; j < k; ++j) {
      const double root = std::sqrt(std::max(values_[j], least));
      for (std::int64_t i = 0; i < wide; ++i) {
        bigLeft_.data[i * wide + j] *= root;
        if (!symmetric_) bigRight_.data[j * wide + i] *= root;
      }
    }
    // left = U (top block) + Ql (bottom block), first k columns
    for (std::int64_t i = 0; i < k; ++i) {
      for (std::int64_t j = 0; j < k; ++j) {
        a_.data[i * k + j] = bigLeft_.data[i * wide + j];
        b_.data[i * k + j] = bigLeft_.data[(k + i) * wide + j];
      }
    }
    multiply(1, u_, Transpose::no, a_, Transpose::no, 0, state.left);
    multiply(1, spareLeft_, Transpose::no, b_, Transpose::no, 1, state.left);
    if (symmetric_) return;
    for (std::int64_t i = 0; i < k; ++i) {
      for (std::int64_t j = 0; j < k; ++j) {
        a_.data[i * k + j] = bigRight_.data[j * wide + i];
        b_.data[i * k + j] = bigRight_.data[j * wide + k + i];
      }
    }
    multiply(1, v_, Transpose::no, a_, Transpose::no, 0, state.right);
    multiply(1, spareRight_, Transpose::no, b_, Transpose::no, 1, state.right);
  }

  // P <- P - U U^T P once more: rounding leaves some of U in a small P.
  void orthogonalise(ConstMatrix basis, Matrix p) {
    multiply(1, basis, Transpose::yes, p, Transpose::no, 0, square_);
    multiply(-1, basis, Transpose::no, square_, Transpose::no, 1, p);
  }

  void writeFactors(SolverState& state, ConstMatrix u, const double* s, ConstMatrix v) const {
    for (std::int64_t j = 0; j < k_; ++j) {
      const double root = std::sqrt(s[j]);
      for (std::int64_t i = 0; i < rows_; ++i) state.left.data[i * k_ + j] = u.data[i * k_ + j] * root;
      if (symmetric_) continue;
      for (std::int64_t i = 0; i < cols_; ++i) state.right.data[i * k_ + j] = v.data[i * k_ + j] * root;
    }
  }

  static constexpr int maxInner = 50;
  static constexpr int maxRejections = 4;
  static constexpr double firstDamping = 1e-3;
  static constexpr double tightestForcing = 1e-3;
  static constexpr double loosestForcing = 0.1;

  bool symmetric_;
  std::int64_t rows_, cols_, k_, size_;
  double damping_ = firstDamping;  // of A*A, which is about state.scale times the identity
  QrDecomposition qrLeft_, qrRight_;
  SingularValueDecomposition small_, core_;
  SymmetricEigen eigen_;
  AlignedBuffer<double> buffer_;
  double* next_ = nullptr;
  Tangent gradient_, solution_, remainder_, direction_, image_;
  Matrix wideLeft_, wideRight_, spareLeft_, spareRight_, u_, v_, r1_, r2_, square_, a_, b_;
  Matrix bigCore_, bigLeft_, bigRight_;
  double *values_ = nullptr, *s_ = nullptr, *zeros_ = nullptr, *scratch_ = nullptr;
};

}  // namespace

std::unique_ptr<Method> makeRiemannianGaussNewton(const SolverState& state) {
  if (state.rank > std::min(state.rows, state.cols)) {
    throw Error(ErrorCode::invalidArgument, "riemannian-gauss-newton needs a rank of at most min(rows, cols).");
  }
  return std::make_unique<RiemannianGaussNewton>(state);
}

}  // namespace lowrank
