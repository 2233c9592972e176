#include "scene.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "../../error.h"

namespace lowrank {
namespace {

// A singular value of the truth below this share of the first is taken for zero when the rank is not said.
constexpr double rankTolerance = 1e-10;

void copyColumns(ConstMatrix from, Matrix to) {
  for (std::int64_t i = 0; i < to.rows; ++i) {
    std::memcpy(to.data + i * to.cols, from.data + i * from.cols, static_cast<std::size_t>(to.cols) * sizeof(double));
  }
}

}  // namespace

void ProbeScene::require(unsigned needs, const std::string& column) {
  const auto refuse = [&](const char* what) {
    throw Error(ErrorCode::invalidArgument, "Recorded column '" + column + "' needs " + what + ".");
  };
  const bool hasTruth = state_.truth.size() > 0;
  if ((needs & need::symmetricModel) != 0 && !state_.symmetricModel()) refuse("the symmetric model");
  if ((needs & need::asymmetricModel) != 0 && state_.symmetricModel()) refuse("the asymmetric model");
  if ((needs & (need::truth | need::truthBasis)) != 0 && !hasTruth) refuse("the truth");
  if ((needs & need::rank) != 0 && !hasTruth && state_.options.probeRank == 0) refuse("the truth or a reference rank");
  if ((needs & need::fixedStep) != 0 && state_.options.step != StepKind::fixed) refuse("a fixed step");
  if (state_.options.probeRank < 0 || state_.options.probeRank > std::min(state_.rows, state_.cols)) {
    throw Error(ErrorCode::invalidArgument, "The rank of the probes must be from 0 to min(rows, cols).");
  }
  needs_ |= needs;
}

bool ProbeScene::start(Team& team) {
  r_ = state_.options.probeRank;
  const bool unknownRank = r_ == 0 && needs(need::rank | need::truthBasis);
  if (needs(need::truthBasis) || unknownRank) setTruthBasis();
  if (needs(need::image) && !setImage(team)) return false;
  signalRank_ = std::min(r_, rank());
  allocate();
  return true;
}

void ProbeScene::setTruthBasis() {
  const std::int64_t n = rows(), cols = state_.cols, t = std::min(n, cols);
  AlignedBuffer<double> u(n * t), values(t), vt(t * cols);
  const ConstMatrix truth{state_.truth.data(), n, cols};
  SingularValueDecomposition(n, cols).compute(truth, {u.data(), n, t}, values.data(), {vt.data(), t, cols});
  if (r_ == 0) {
    if (values[0] == 0) {
      throw Error(ErrorCode::invalidArgument, "The recorded columns need a truth of rank 1 or more but it is zero.");
    }
    while (r_ < t && values[r_] > rankTolerance * values[0]) ++r_;
  }
  truthBasis_ = AlignedBuffer<double>(n * r_);
  copyColumns({u.data(), n, t}, {truthBasis_.data(), n, r_});
  truthImage_ = AlignedBuffer<double>(r_ * cols);
  multiply(1, truthBasis(), Transpose::yes, truth, Transpose::no, 0, {truthImage_.data(), r_, cols});
}

// A*(y) over the training rows, in a workspace of its own: that of the run holds the image of the residual.
bool ProbeScene::setImage(Team& team) {
  const std::int64_t n = rows();
  const auto workspace = state_.op->workspace();
  if (!state_.op->adjoint(state_.y.data(), state_.heldOutOrNull(), *workspace, team)) return false;
  ++state_.info.passes;
  ++state_.info.adjointCount;
  eigenvectors_ = AlignedBuffer<double>(n * n);
  eigenvalues_ = AlignedBuffer<double>(n);
  const Matrix image{eigenvectors_.data(), n, n};
  workspace->image().toDense(image);
  SymmetricEigen(n).compute(image, eigenvalues_.data(), image);
  spectralBasis_ = AlignedBuffer<double>(n * r_);
  if (r_ > 0) copyColumns(image, {spectralBasis_.data(), n, r_});
  return true;
}

// Whatever the wanted columns may ask for.
void ProbeScene::allocate() {
  const std::int64_t n = rows(), k = rank(), v = signalRank_;
  const auto make = [](AlignedBuffer<double>& buffer, std::int64_t size) { buffer = AlignedBuffer<double>(size); };
  if (needs(need::truthBasis)) {
    const std::int64_t t = std::min(r_, k);
    make(projected_, r_ * k);
    make(projectedU_, r_ * t);
    make(projectedVt_, t * k);
    make(projectedValues_, t);
    make(directions_, k * v);
    make(signal_, n * v);
    make(signalBasis_, n * v);
    make(signalVt_, v * v);
    make(signalValues_, v);
    make(noise_, n * k);
    make(small_, r_ * k);
    projectedSvd_ = SingularValueDecomposition(r_, k);
    signalSvd_ = SingularValueDecomposition(n, v);
  }
  if (needs(need::symmetricModel)) make(product_, n * n);
  sine_ = Sine(n, r_, v);
  leading_ = LeadingVectors(n, k, std::max<std::int64_t>(1, r_));
  if (needs(need::allValues)) leading_.wantAllValues();
}

ConstMatrix ProbeScene::projected() {
  const Matrix projected{projected_.data(), r_, rank()};
  if (outdated(projectedStamp_)) {
    multiply(1, truthBasis(), Transpose::yes, state_.left, Transpose::no, 0, projected);
    const Matrix vt{projectedVt_.data(), signalRank_, rank()};
    projectedSvd_.compute(projected, {projectedU_.data(), r_, signalRank_}, projectedValues_.data(), vt);
    for (std::int64_t i = 0; i < vt.rows; ++i) {
      for (std::int64_t j = 0; j < vt.cols; ++j) directions_[j * vt.rows + i] = vt.data[i * vt.cols + j];
    }
  }
  return projected;
}

const double* ProbeScene::projectedValues() {
  projected();
  return projectedValues_.data();
}

ConstMatrix ProbeScene::directions() {
  projected();
  return {directions_.data(), rank(), signalRank_};
}

void ProbeScene::computeSignal() {
  const ConstMatrix w = directions();
  if (!outdated(signalStamp_)) return;
  const std::int64_t n = rows(), v = signalRank_;
  const Matrix signal{signal_.data(), n, v};
  multiply(1, state_.left, Transpose::no, w, Transpose::no, 0, signal);
  signalSvd_.compute(signal, {signalBasis_.data(), n, v}, signalValues_.data(), {signalVt_.data(), v, v});
}

const double* ProbeScene::signalValues() {
  computeSignal();
  return signalValues_.data();
}

ConstMatrix ProbeScene::signalBasis() {
  computeSignal();
  return {signalBasis_.data(), rows(), signalRank_};
}

// U - (U W) W^T has an error of precision times ||U||, which lies in the span of V_X for the most part, where the noise
// has no part at all: V_X^T U W_perp = 0. So that part is taken out once more.
ConstMatrix ProbeScene::noise() {
  const Matrix noise{noise_.data(), rows(), rank()};
  if (rank() <= signalRank_) return noise;  // zero: W_perp is empty
  computeSignal();
  if (outdated(noiseStamp_)) {
    const ConstMatrix signal{signal_.data(), rows(), signalRank_};
    std::memcpy(noise.data, state_.left.data, static_cast<std::size_t>(noise.size()) * sizeof(double));
    multiply(-1, signal, Transpose::no, directions(), Transpose::yes, 1, noise);
    const Matrix small{small_.data(), r_, rank()};
    multiply(1, truthBasis(), Transpose::yes, noise, Transpose::no, 0, small);
    multiply(-1, truthBasis(), Transpose::no, small, Transpose::no, 1, noise);
  }
  return noise;
}

ConstMatrix ProbeScene::leadingVectors() {
  if (outdated(leadingStamp_)) leading_.compute(state_.left);
  return leading_.vectors();
}

const double* ProbeScene::leadingValues() {
  leadingVectors();
  return leading_.values();
}

ConstMatrix ProbeScene::product() {
  const Matrix product{product_.data(), rows(), rows()};
  if (outdated(productStamp_)) selfProduct(state_.left, product);
  return product;
}

std::int64_t ProbeScene::bytes() const {
  std::int64_t sum = leading_.bytes() + sine_.bytes();
  for (const auto* buffer : {&truthBasis_, &truthImage_, &eigenvectors_, &eigenvalues_, &spectralBasis_, &projected_,
                             &projectedU_, &projectedVt_, &projectedValues_, &directions_, &signal_, &signalBasis_,
                             &signalVt_, &signalValues_, &noise_, &small_, &product_}) {
    sum += buffer->bytes();
  }
  return sum;
}

}  // namespace lowrank
