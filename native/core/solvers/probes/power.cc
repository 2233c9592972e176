// The power method beside the run: Utilde_t = (I + mu M_hat)^t U_0, M_hat = A*(y) (arXiv 2106.15013: small random
// initialization is akin to spectral learning), and Ltilde_t, its r leading left singular vectors:
//   alignmentPower     sine (L, Ltilde_t)
//   alignmentToPower   sine (L_t, Ltilde_t)
//   powerDistance      ||U_t - Utilde_t|| / ||Utilde_t||
//
// In the eigenbasis E of M_hat, row i of E^T Utilde_t is d_i^t times row i of E^T U_0, d_i = 1 + mu lambda_i. So
// nothing has to run along: any t costs the same, the growth is split off (a thousand iterations overflow), and each
// row keeps its relative accuracy, where the iteration itself loses what is 1e-16 of the largest row for ever.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "probe.h"

namespace lowrank {
namespace {

enum : std::size_t { alignmentPower, alignmentToPower, powerDistance };

const std::vector<ProbeColumn>& columns() {
  constexpr unsigned common = need::symmetricModel | need::image | need::fixedStep;
  static const auto* list = new std::vector<ProbeColumn>{
      {"alignmentPower", common | need::rank},
      {"alignmentToPower", common | need::rank},
      {"powerDistance", common},
  };
  return *list;
}

class Power final : public ProbeGroup {
 public:
  explicit Power(const ProbeScene& scene)
      : n_(scene.rows()),
        k_(scene.rank()),
        r_(scene.referenceRank()),
        v_(scene.signalRank()),
        logs_(n_),
        start_(n_ * k_),
        present_(n_ * k_),
        difference_(n_ * k_),
        growth_(n_),
        norm_(n_, k_) {
    multiply(1, scene.eigenvectors(), Transpose::yes, scene.state().left, Transpose::no, 0, view(start_));
    for (std::int64_t i = 0; i < n_; ++i) {
      factors_ = std::max(factors_, std::abs(factor(scene, i)));
      logs_[i] = std::log(std::abs(factor(scene, i)));
    }
    if (r_ == 0) return;
    leading_ = LeadingVectors(n_, k_, r_);
    ratios_ = AlignedBuffer<double>((n_ - r_) * r_);
    slope_ = AlignedBuffer<double>((n_ - r_) * r_);
    next_ = AlignedBuffer<double>((n_ - r_) * r_);
    scaled_ = AlignedBuffer<double>((n_ - r_) * r_);
    side_ = AlignedBuffer<double>(k_ * r_);
    core_ = AlignedBuffer<double>(r_ * r_);
    triangle_ = AlignedBuffer<double>(r_ * r_);
    basis_ = AlignedBuffer<double>(n_ * v_);
    turned_ = AlignedBuffer<double>(n_ * v_);
    slopeNorm_ = SpectralNorm(n_ - r_, r_);
    sine_ = Sine(n_, v_, v_);
    graphQr_ = QrDecomposition(n_, v_);
    bottomNorm_ = SpectralNorm(n_ - r_, v_);
  }

  void value(std::size_t index, ProbeScene& scene, double* out) override {
    advance(scene);
    switch (index) {
      case alignmentPower:
        *out = toSpectral_;
        return;
      case alignmentToPower: {
        // Both in the eigenbasis.
        const Matrix turned{turned_.data(), n_, v_};
        multiply(1, scene.eigenvectors(), Transpose::yes, scene.leadingVectors(), Transpose::no, 0, turned);
        *out = sine_.compute({basis_.data(), n_, v_}, turned);
        return;
      }
      case powerDistance:
        *out = distance(scene);
        return;
      default:
        return;
    }
  }

  std::int64_t bytes() const override {
    std::int64_t sum = norm_.bytes() + leading_.bytes() + slopeNorm_.bytes() + bottomNorm_.bytes() + sine_.bytes();
    for (const auto* buffer : {&logs_, &start_, &present_, &difference_, &growth_, &ratios_, &slope_, &next_, &scaled_,
                               &side_, &core_, &triangle_, &basis_, &turned_}) {
      sum += buffer->bytes();
    }
    return sum;
  }

 private:
  static double factor(const ProbeScene& scene, std::int64_t i) {
    return 1 + scene.state().options.stepSize * scene.eigenvalues()[i];
  }
  Matrix view(AlignedBuffer<double>& buffer) const { return {buffer.data(), n_, k_}; }

  // Rows of E^T Utilde_t over the largest growth, and Ltilde_t.
  void advance(ProbeScene& scene) {
    if (presentOf_ == scene.stamp()) return;
    presentOf_ = scene.stamp();
    const std::int64_t t = scene.iteration();
    const double most = std::log(factors_);
    for (std::int64_t i = 0; i < n_; ++i) {
      const double sign = t % 2 != 0 && factor(scene, i) < 0 ? -1.0 : 1.0;
      growth_[i] = t == 0 ? 1.0 : sign * std::exp(static_cast<double>(t) * (logs_[i] - most));
      for (std::int64_t j = 0; j < k_; ++j) present_[i * k_ + j] = growth_[i] * start_[i * k_ + j];
    }
    if (r_ == 0) return;
    if (t == 0 || v_ < r_ || n_ == r_ || !iterateGraph(scene, t)) {
      leading_.compute(view(present_));
      std::memcpy(basis_.data(), leading_.vectors().data, static_cast<std::size_t>(basis_.bytes()));
      // L is spanned by the first r unit vectors here.
      toSpectral_ = std::min(1.0, bottomNorm_.compute({basis_.data() + r_ * v_, n_ - r_, v_}));
    }
  }

  // Ltilde_t as the graph [I; T] over L, for k >= r. With B = E^T U_0 in rows B_1 (r) and B_2, and D the growth,
  // subspace iteration with C C^T, C = D^t B, reads in ratios Q_ij = (d_i / d_j)^t, which are small and lose nothing:
  //   S = B_1^T + B_2^T (Q . T),   T = Q . (B_2 S (B_1 S)^-1)       (. entry by entry)
  // It converges by the squared ratio of the (r+1)-th to the r-th singular value of C; without a gap it is given up.
  bool iterateGraph(const ProbeScene& scene, std::int64_t t) {
    const std::int64_t low = n_ - r_;
    const ConstMatrix top{start_.data(), r_, k_}, bottom{start_.data() + r_ * k_, low, k_};
    for (std::int64_t i = 0; i < low; ++i) {
      for (std::int64_t j = 0; j < r_; ++j) {
        const double sign = t % 2 != 0 && factor(scene, r_ + i) * factor(scene, j) < 0 ? -1.0 : 1.0;
        ratios_[i * r_ + j] = sign * std::exp(static_cast<double>(t) * (logs_[r_ + i] - logs_[j]));
      }
    }
    const std::int64_t size = low * r_;
    const Matrix slope{slope_.data(), low, r_}, next{next_.data(), low, r_}, scaled{scaled_.data(), low, r_},
        side{side_.data(), k_, r_}, core{core_.data(), r_, r_};
    std::fill(slope.data, slope.data + size, 0.0);
    for (int step = 0; step < maxSteps; ++step) {
      for (std::int64_t i = 0; i < size; ++i) scaled.data[i] = ratios_[i] * slope.data[i];
      multiply(1, bottom, Transpose::yes, scaled, Transpose::no, 0, side);
      for (std::int64_t c = 0; c < k_; ++c) {
        for (std::int64_t j = 0; j < r_; ++j) side.data[c * r_ + j] += top.data[j * k_ + c];
      }
      multiply(1, top, Transpose::no, side, Transpose::no, 0, core);
      multiply(1, bottom, Transpose::no, side, Transpose::no, 0, next);
      if (!divide(next, core)) return false;
      double change = 0, total = 0;
      for (std::int64_t i = 0; i < size; ++i) {
        next.data[i] *= ratios_[i];
        change += (next.data[i] - slope.data[i]) * (next.data[i] - slope.data[i]);
        total += next.data[i] * next.data[i];
        slope.data[i] = next.data[i];
      }
      if (!(total <= 1e6)) return false;  // also NaN
      if (step > 0 && change <= 1e-26 * total) {
        finishGraph(slope);
        return true;
      }
    }
    return false;
  }

  // Orthonormal basis of [I; T]; the sine of its largest angle to L is tau / sqrt(1 + tau^2), tau = ||T||.
  void finishGraph(ConstMatrix slope) {
    std::fill(basis_.data(), basis_.data() + r_ * r_, 0.0);
    for (std::int64_t j = 0; j < r_; ++j) basis_[j * r_ + j] = 1;
    std::memcpy(basis_.data() + r_ * r_, slope.data, static_cast<std::size_t>(slope.size()) * sizeof(double));
    const Matrix basis{basis_.data(), n_, r_};
    graphQr_.compute(basis, basis, {triangle_.data(), r_, r_});
    const double tau = slopeNorm_.compute(slope);
    toSpectral_ = tau / std::hypot(1, tau);
  }

  // A <- A C^-1 by Gaussian elimination with row pivoting on C^T x = a^T; C is destroyed. False when C is singular.
  static bool divide(Matrix a, Matrix c) {
    const std::int64_t r = c.cols;
    for (std::int64_t p = 0; p < r; ++p) {
      // Columns of C are the rows of C^T.
      std::int64_t best = p;
      for (std::int64_t j = p + 1; j < r; ++j) {
        if (std::abs(c.data[p * r + j]) > std::abs(c.data[p * r + best])) best = j;
      }
      if (!(std::abs(c.data[p * r + best]) > 0)) return false;
      if (best != p) {
        for (std::int64_t i = 0; i < r; ++i) std::swap(c.data[i * r + p], c.data[i * r + best]);
        for (std::int64_t i = 0; i < a.rows; ++i) std::swap(a.data[i * r + p], a.data[i * r + best]);
      }
      for (std::int64_t j = p + 1; j < r; ++j) {
        const double ratio = c.data[p * r + j] / c.data[p * r + p];
        if (ratio == 0) continue;
        for (std::int64_t i = p; i < r; ++i) c.data[i * r + j] -= ratio * c.data[i * r + p];
        for (std::int64_t i = 0; i < a.rows; ++i) a.data[i * r + j] -= ratio * a.data[i * r + p];
      }
    }
    for (std::int64_t p = r - 1; p >= 0; --p) {
      for (std::int64_t i = 0; i < a.rows; ++i) {
        double sum = a.data[i * r + p];
        for (std::int64_t q = p + 1; q < r; ++q) sum -= c.data[q * r + p] * a.data[i * r + q];
        a.data[i * r + p] = sum / c.data[p * r + p];
      }
    }
    return true;
  }

  double distance(ProbeScene& scene) {
    const std::int64_t t = scene.iteration();
    if (t == 0) return 0;  // by definition; turning the basis there and back would leave the rounding
    const double shrink = std::exp(-static_cast<double>(t) * std::log(factors_));
    const Matrix difference = view(difference_);
    multiply(shrink, scene.eigenvectors(), Transpose::yes, scene.state().left, Transpose::no, 0, difference);
    const double size = norm_.compute(view(present_));
    addScaled(-1, view(present_), difference);
    return norm_.compute(difference) / size;
  }

  static constexpr int maxSteps = 12;
  std::int64_t n_, k_, r_, v_, presentOf_ = -1;
  double factors_ = 0, toSpectral_ = 1;
  AlignedBuffer<double> logs_, start_, present_, difference_, growth_;
  SpectralNorm norm_, slopeNorm_, bottomNorm_;
  LeadingVectors leading_;
  AlignedBuffer<double> ratios_, slope_, next_, scaled_, side_, core_, triangle_, basis_, turned_;
  Sine sine_;
  QrDecomposition graphQr_{0, 0};
};

}  // namespace

ProbeGroupEntry powerProbes() {
  return {columns(), [](ProbeScene& scene, const std::vector<bool>&) -> std::unique_ptr<ProbeGroup> {
            return std::make_unique<Power>(scene);
          }};
}

}  // namespace lowrank
