// What probes have in common: the bases that do not change, and quantities of the present factors that several columns
// look at, each computed when the first of them asks.
//
// U = U W W^T + U W_perp W_perp^T with the thin SVD V_X^T U = V S W^T (arXiv 2106.15013): the first part is the signal,
// the second the noise. Everything is computed so that a noise of 1e-8 of the signal is right to 1e-6 of itself: never
// by subtracting Gram matrices, whose rounding errors (precision times ||U||^2) would hide what is below 1e-8 ||U||,
// but by forming the part itself first, with an error of precision times ||U||, and only then its Gram matrix.
#pragma once

#include <string>

#include "../state.h"
#include "norms.h"

namespace lowrank {

namespace need {
inline constexpr unsigned symmetricModel = 1, asymmetricModel = 2, truth = 4;
inline constexpr unsigned rank = 8;         // of the truth, or given
inline constexpr unsigned truthBasis = 16;  // implies truth and rank
inline constexpr unsigned image = 32;       // eigenvectors of A*(y)
inline constexpr unsigned fixedStep = 64;
inline constexpr unsigned allValues = 128;  // all singular values of the left factor
}  // namespace need

class ProbeScene {
 public:
  explicit ProbeScene(SolverState& state) : state_(state) {}

  void require(unsigned needs, const std::string& column);
  // The bases and all scratch; one pass where a column looks at A*(y). False when cancelled.
  bool start(Team& team);
  void factorsChanged() { ++stamp_; }
  // Another number for other factors, for what a group keeps itself.
  std::int64_t stamp() const { return stamp_; }

  const SolverState& state() const { return state_; }
  std::int64_t rows() const { return state_.rows; }
  std::int64_t rank() const { return state_.rank; }        // k, columns of the factors
  std::int64_t referenceRank() const { return r_; }        // r; known from start() on
  std::int64_t signalRank() const { return signalRank_; }  // min(r, k)
  std::int64_t iteration() const { return state_.info.iterations; }
  bool needs(unsigned flags) const { return (needs_ & flags) != 0; }

  // V_X, n x r: leading left singular vectors of the truth. V_X^T X X^T, r x n.
  ConstMatrix truthBasis() const { return {truthBasis_.data(), rows(), r_}; }
  ConstMatrix truthImage() const { return {truthImage_.data(), r_, rows()}; }
  // Eigenvectors E (columns) and falling eigenvalues of A*(y); L, n x r, the leading ones.
  ConstMatrix eigenvectors() const { return {eigenvectors_.data(), rows(), rows()}; }
  const double* eigenvalues() const { return eigenvalues_.data(); }
  ConstMatrix spectralBasis() const { return {spectralBasis_.data(), rows(), r_}; }

  // V_X^T U (r x k) with its min(r, k) singular values and W (k x min(r, k)).
  ConstMatrix projected();
  const double* projectedValues();
  ConstMatrix directions();
  // U W (n x min(r, k)): its singular values and an orthonormal basis of its columns.
  const double* signalValues();
  ConstMatrix signalBasis();
  // U W_perp W_perp^T (n x k).
  ConstMatrix noise();
  // Leading left singular vectors of U (n x min(max(r, 1), n, k)) and its singular values; all of them if one column
  // asked for all.
  ConstMatrix leadingVectors();
  const double* leadingValues();
  // U U^T
  ConstMatrix product();

  // || (I - B B^T) V ||: the sine of the largest angle from the columns of V to those of B, both orthonormal.
  double sine(ConstMatrix basis, ConstMatrix vectors) { return sine_.compute(basis, vectors); }

  std::int64_t bytes() const;

 private:
  // Whether a quantity is of older factors; marks it as of the present ones.
  bool outdated(std::int64_t& stamp) {
    const bool old = stamp != stamp_;
    stamp = stamp_;
    return old;
  }
  void setTruthBasis();
  bool setImage(Team& team);
  void allocate();
  void computeSignal();

  SolverState& state_;
  unsigned needs_ = 0;
  std::int64_t r_ = 0, signalRank_ = 0;
  std::int64_t stamp_ = 0, projectedStamp_ = -1, signalStamp_ = -1, noiseStamp_ = -1, leadingStamp_ = -1,
               productStamp_ = -1;
  AlignedBuffer<double> truthBasis_, truthImage_, eigenvectors_, eigenvalues_, spectralBasis_;
  AlignedBuffer<double> projected_, projectedU_, projectedVt_, projectedValues_, directions_;
  AlignedBuffer<double> signal_, signalBasis_, signalVt_, signalValues_, noise_, small_, product_;
  SingularValueDecomposition projectedSvd_{0, 0}, signalSvd_{0, 0};
  LeadingVectors leading_;
  Sine sine_;
};

}  // namespace lowrank
