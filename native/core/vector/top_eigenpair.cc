// Thick-restart Lanczos (Wu and Simon, SIAM J. Matrix Anal. Appl. 22, 2000), every new direction orthogonalized twice
// against the whole basis. Where the basis is full it is cut down to Ritz vectors of both ends: the upper ones carry
// the answer, the lower ones hold eigenvalues far below the rest, which would otherwise be found anew after each
// restart. (An optimal preprocessing gives rows with y near 0 weights of -1/y, each an outlier of its own.)
#include "top_eigenpair.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "../error.h"
#include "../kernels/dense_kernels.h"
#include "../linalg/lapack.h"
#include "../linalg/philox.h"
#include "../runtime/memory.h"

namespace lowrank {
namespace {

using kernels::Rows;

constexpr std::int64_t maxBasis = 56, keptAbove = 16, keptBelow = 8;
constexpr std::int64_t maxChunk = 512;  // entries of all vectors of the basis that lie together
constexpr std::int64_t checkEvery = 4;
constexpr double unit = std::numeric_limits<double>::epsilon();

class WeightMap final : public RowMap {
 public:
  explicit WeightMap(const double* weights) : weights_(weights) {}
  void map(std::int64_t first, std::int64_t count, Entries r, MutableEntries weight) const override {
    const double* t = weights_ + first;
    for (std::int64_t i = 0; i < count; ++i) weight.re[i] = t[i] * r.re[i];
    if (r.im == nullptr) return;
    for (std::int64_t i = 0; i < count; ++i) weight.im[i] = t[i] * r.im[i];
  }

 private:
  const double* weights_;
};

// Vectors of the basis over chunks of entries: [chunk][component][vector][entry], so that the kernels of stored rows
// serve for inner products and sums; the chunks are also the fixed partition of every sum. A vector outside the basis
// is [component][chunk][entry], padded with zeros.
class Basis {
 public:
  Basis(std::int64_t n, Field field, std::int64_t capacity)
      : n_(n),
        complex_(field == Field::complex),
        capacity_(capacity),
        chunk_(std::min(maxChunk, roundUp(n))),
        chunks_((n + chunk_ - 1) / chunk_),
        rotations_(std::min<std::int64_t>(chunks_, 16)),
        vectors_(chunks_ * components() * capacity * chunk_),
        rotated_(rotations_ * (keptAbove + keptBelow) * chunk_),
        partials_(chunks_ * 4 * capacity),
        norms_(chunks_) {}

  std::int64_t components() const { return complex_ ? 2 : 1; }
  std::int64_t padded() const { return chunks_ * chunk_; }
  std::int64_t vectorSize() const { return components() * padded(); }

  void load(const double* split, double* vector) const {
    for (std::int64_t c = 0; c < components(); ++c) std::copy_n(split + c * n_, n_, vector + c * padded());
  }
  void store(const double* vector, double* split) const {
    for (std::int64_t c = 0; c < components(); ++c) std::copy_n(vector + c * padded(), n_, split + c * n_);
  }

  void set(std::int64_t j, const double* vector, double scale, Team& team) {
    team.run(chunks_, [&](std::int64_t k) {
      for (std::int64_t c = 0; c < components(); ++c) {
        double* to = rows(k, c) + j * chunk_;
        const double* from = vector + c * padded() + k * chunk_;
        for (std::int64_t i = 0; i < chunk_; ++i) to[i] = scale * from[i];
      }
    });
  }

  // vector -= V h of the first `count` vectors (not when h is null), then next = V^H vector; coefficients are real
  // parts, then imaginary ones, `capacity` each. Returns ||vector||^2.
  double subtractAndProject(std::int64_t count, const double* h, double* vector, double* next, Team& team) {
    team.run(chunks_, [&](std::int64_t k) {
      double* re = vector + k * chunk_;
      double* im = re + padded();
      if (h != nullptr) subtract(k, count, h, re, im);
      double* out = partials_.data() + k * 4 * capacity_;
      if (complex_) {
        kernels::dotPairs({rows(k, 0), count, chunk_}, re, im, out, out + capacity_);
        kernels::dotPairs({rows(k, 1), count, chunk_}, re, im, out + 2 * capacity_, out + 3 * capacity_);
        for (std::int64_t i = 0; i < count; ++i) {
          out[i] += out[3 * capacity_ + i];
          out[capacity_ + i] -= out[2 * capacity_ + i];
        }
      } else {
        kernels::dots({rows(k, 0), count, chunk_}, re, out);
      }
      double square[2] = {0, 0};
      kernels::dots({re, 1, chunk_}, re, square);
      if (complex_) kernels::dots({im, 1, chunk_}, im, square + 1);
      norms_[k] = square[0] + square[1];
    });
    std::fill_n(next, 2 * capacity_, 0.0);
    double norm = 0;
    for (std::int64_t k = 0; k < chunks_; ++k) {
      const double* part = partials_.data() + k * 4 * capacity_;
      for (std::int64_t i = 0; i < count; ++i) {
        next[i] += part[i];
        if (complex_) next[capacity_ + i] += part[capacity_ + i];
      }
      norm += norms_[k];
    }
    return norm;
  }

  // Vectors 0 .. kept - 1 become V y_0, V y_1, ...; y is kept x count, row-major.
  void rotate(std::int64_t count, const double* y, std::int64_t kept, Team& team) {
    team.run(rotations_, [&](std::int64_t part) {
      double* scratch = rotated_.data() + part * (keptAbove + keptBelow) * chunk_;
      for (std::int64_t k = chunks_ * part / rotations_; k < chunks_ * (part + 1) / rotations_; ++k) {
        for (std::int64_t c = 0; c < components(); ++c) {
          std::fill_n(scratch, kept * chunk_, 0.0);
          for (std::int64_t p = 0; p < kept; ++p) {
            kernels::accumulate({rows(k, c), count, chunk_}, y + p * count, nullptr, scratch + p * chunk_);
          }
          std::copy_n(scratch, kept * chunk_, rows(k, c));
        }
      }
    });
  }

  // vector = V y, real y
  void combine(std::int64_t count, const double* y, double* vector, Team& team) {
    team.run(chunks_, [&](std::int64_t k) {
      for (std::int64_t c = 0; c < components(); ++c) {
        double* to = vector + c * padded() + k * chunk_;
        std::fill_n(to, chunk_, 0.0);
        kernels::accumulate({rows(k, c), count, chunk_}, y, nullptr, to);
      }
    });
  }

 private:
  static std::int64_t roundUp(std::int64_t n) {
    return (n + kernels::strideMultiple - 1) / kernels::strideMultiple * kernels::strideMultiple;
  }
  double* rows(std::int64_t chunk, std::int64_t component) {
    return vectors_.data() + (chunk * components() + component) * capacity_ * chunk_;
  }

  void subtract(std::int64_t k, std::int64_t count, const double* h, double* re, double* im) {
    double minusRe[maxBasis], minusIm[maxBasis];
    for (std::int64_t i = 0; i < count; ++i) minusRe[i] = -h[i];
    if (!complex_) {
      kernels::accumulate({rows(k, 0), count, chunk_}, minusRe, nullptr, re);
      return;
    }
    for (std::int64_t i = 0; i < count; ++i) minusIm[i] = -h[capacity_ + i];
    kernels::accumulatePairs({rows(k, 0), count, chunk_}, minusRe, minusIm, re, im);
    // The imaginary parts of V enter times i: i (h_re + i h_im) = -h_im + i h_re.
    kernels::accumulatePairs({rows(k, 1), count, chunk_}, h + capacity_, minusRe, re, im);
  }

  const std::int64_t n_;
  const bool complex_;
  const std::int64_t capacity_, chunk_, chunks_, rotations_;
  AlignedBuffer<double> vectors_, rotated_, partials_, norms_;
};

class Lanczos {
 public:
  Lanczos(const Design& design, const EigenpairOptions& options, Team& team)
      : design_(design),
        options_(options),
        team_(team),
        n_(design.dimension()),
        capacity_(std::min(maxBasis, n_)),
        basis_(n_, design.field(), capacity_),
        workspace_(design.workspace()),
        weights_(design.measurements()),
        r_(design.width(design.measurements())),
        split_(design.width(n_)),
        image_(design.width(n_)),
        vector_(basis_.vectorSize()),
        h_(2 * capacity_),
        correction_(2 * capacity_),
        projected_(capacity_ * capacity_),
        small_(capacity_ * capacity_),
        ritz_(capacity_),
        ritzVectors_(capacity_ * capacity_) {
    for (std::int64_t i = 0; i < weights_.size(); ++i) {
      const double t = options.weights[i];
      if (!std::isfinite(t)) throw Error(ErrorCode::nonFinite, "Expected finite weights for the spectral matrix.");
      scale_ = std::max(scale_, std::abs(t));
    }
    // Weights of at most 1: their products with the rows then stay in range, however large they are.
    if (scale_ > 0) {
      for (std::int64_t i = 0; i < weights_.size(); ++i) weights_[i] = options.weights[i] / scale_;
    }
  }

  Eigenpair run(double* out) {
    drawDirection();
    basis_.set(0, vector_.data(), 1 / std::sqrt(norm_), team_);
    std::int64_t count = 0;  // vectors with their column of the projected matrix
    for (;;) {
      if (!expand(count)) return cancelled();
      ++count;
      const bool full = count == capacity_, last = passes_ >= options_.maxPasses - 1;
      const bool invariant = !(beta_ > 8 * unit * largest_);
      const bool whole = count == n_;
      if (invariant && !whole) drawDirection();  // another one, with which the basis shares no eigenvector
      if (full || last || whole || (count % checkEvery == 0 && count > 1)) {
        solveProjected(count);
        const double coupling = invariant || whole ? 0 : beta_;
        const double estimate = coupling * std::abs(ritzVectors_[(count - 1) * count]);
        if (whole || last || (count > 1 && estimate <= threshold(count))) return finish(count, out);
      }
      if (full) count = restart(count);
      basis_.set(count, vector_.data(), invariant ? 1 / std::sqrt(norm_) : 1 / beta_, team_);
    }
  }

 private:
  Eigenpair cancelled() const {
    Eigenpair result;
    result.cancelled = true;
    result.passes = passes_;
    return result;
  }

  // image = D split / scale
  bool multiply() {
    const WeightMap map(weights_.data());
    if (!design_.applyAndAdjoint(split_.data(), r_.data(), map, image_.data(), *workspace_, team_)) return false;
    ++passes_;
    const double mean = 1 / static_cast<double>(design_.measurements());
    for (std::int64_t j = 0; j < image_.size(); ++j) image_[j] *= mean;
    if (!allFinite(image_.data(), image_.size())) {
      throw Error(ErrorCode::numerical, "The spectral matrix leaves the range of double precision.");
    }
    return true;
  }

  // vector = what D V_count has beyond the basis 0 .. count, norm beta_; column `count` of the projected matrix.
  bool expand(std::int64_t count) {
    std::fill_n(h_.data(), h_.size(), 0.0);
    h_[count] = 1;
    basis_.combine(count + 1, h_.data(), vector_.data(), team_);
    basis_.store(vector_.data(), split_.data());
    if (!multiply()) return false;
    basis_.load(image_.data(), vector_.data());
    largest_ =
        std::max(largest_, std::sqrt(basis_.subtractAndProject(count + 1, nullptr, vector_.data(), h_.data(), team_)));
    basis_.subtractAndProject(count + 1, h_.data(), vector_.data(), correction_.data(), team_);
    for (std::int64_t i = 0; i <= count; ++i) {
      // Real: D is Hermitian, and real coefficients in the Krylov basis carry over to the Ritz vectors.
      const double value = h_[i] + correction_[i];
      projected_[i * capacity_ + count] = projected_[count * capacity_ + i] = value;
    }
    const double squared = basis_.subtractAndProject(count + 1, correction_.data(), vector_.data(), h_.data(), team_);
    beta_ = std::sqrt(squared);
    norm_ = squared;
    size_ = count + 1;
    return true;
  }

  // vector = a random direction orthogonal to the basis, of squared norm norm_.
  void drawDirection() {
    normals(options_.seed, Purpose::initialVector, static_cast<std::uint64_t>(draws_++ * split_.size()), split_.size(),
            split_.data());
    basis_.load(split_.data(), vector_.data());
    norm_ = basis_.subtractAndProject(size_, nullptr, vector_.data(), h_.data(), team_);
    for (int pass = 0; pass < 3 && size_ > 0; ++pass) {
      norm_ = basis_.subtractAndProject(size_, h_.data(), vector_.data(), correction_.data(), team_);
      std::swap(h_, correction_);
    }
  }

  void solveProjected(std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      for (std::int64_t j = 0; j < count; ++j) small_[i * count + j] = projected_[i * capacity_ + j];
    }
    SymmetricEigen(count).compute({small_.data(), count, count}, ritz_.data(), {ritzVectors_.data(), count, count});
  }

  double threshold(std::int64_t count) const {
    return std::max(options_.tolerance * std::abs(ritz_[0]), 64 * unit * (ritz_[0] - ritz_[count - 1]));
  }

  // Cuts the basis down; returns how many vectors it has then. The direction in vector_ comes next.
  std::int64_t restart(std::int64_t count) {
    const std::int64_t above = std::min(keptAbove, count / 2), below = std::min(keptBelow, count / 4);
    const std::int64_t kept = above + below;
    for (std::int64_t p = 0; p < kept; ++p) {
      const std::int64_t column = p < above ? p : count - kept + p;
      for (std::int64_t i = 0; i < count; ++i) small_[p * count + i] = ritzVectors_[i * count + column];
    }
    basis_.rotate(count, small_.data(), kept, team_);
    std::fill_n(projected_.data(), projected_.size(), 0.0);
    for (std::int64_t p = 0; p < kept; ++p) {
      projected_[p * capacity_ + p] = ritz_[p < above ? p : count - kept + p];
    }
    size_ = kept;
    return kept;
  }

  // The Ritz vector, its Rayleigh quotient and the residual from one more pass.
  Eigenpair finish(std::int64_t count, double* out) {
    for (std::int64_t i = 0; i < count; ++i) h_[i] = ritzVectors_[i * count];
    basis_.combine(count, h_.data(), vector_.data(), team_);
    const double norm = std::sqrt(basis_.subtractAndProject(0, nullptr, vector_.data(), correction_.data(), team_));
    for (std::int64_t i = 0; i < vector_.size(); ++i) vector_[i] /= norm;
    basis_.store(vector_.data(), split_.data());
    if (!multiply()) return cancelled();

    // Over the chunks of the basis, of which this vector becomes the only one: the quotient is a sum in fixed order.
    basis_.set(0, vector_.data(), 1, team_);
    basis_.load(image_.data(), vector_.data());
    basis_.subtractAndProject(1, nullptr, vector_.data(), h_.data(), team_);
    const double bound = threshold(count);
    Eigenpair result;
    result.value = scale_ * h_[0];
    result.second = scale_ * (count > 1 ? ritz_[1] : h_[0]);
    result.residual =
        scale_ * std::sqrt(basis_.subtractAndProject(1, h_.data(), vector_.data(), correction_.data(), team_));
    result.passes = passes_;
    result.converged = result.residual <= 2 * scale_ * bound;
    std::copy_n(split_.data(), split_.size(), out);
    if (options_.field != nullptr) std::copy_n(r_.data(), r_.size(), options_.field);
    return result;
  }

  const Design& design_;
  const EigenpairOptions& options_;
  Team& team_;
  const std::int64_t n_, capacity_;
  Basis basis_;
  std::unique_ptr<DesignWorkspace> workspace_;
  AlignedBuffer<double> weights_, r_, split_, image_, vector_, h_, correction_;
  AlignedBuffer<double> projected_, small_, ritz_, ritzVectors_;
  double scale_ = 0, beta_ = 0, norm_ = 0;
  double largest_ = 0;  // of the norms ||D v|| seen: what is zero beside it
  std::int64_t passes_ = 0, draws_ = 0, size_ = 0;
};

}  // namespace

Eigenpair topEigenpair(const Design& design, const EigenpairOptions& options, double* vector, Team& team) {
  if (options.weights == nullptr || !(options.tolerance >= 0) || options.maxPasses < 2) {
    throw Error(ErrorCode::invalidArgument, "An eigenpair needs weights, a tolerance of at least 0 and two passes.");
  }
  return Lanczos(design, options, team).run(vector);
}

}  // namespace lowrank
