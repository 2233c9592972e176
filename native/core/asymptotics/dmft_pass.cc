#include "dmft_pass.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "../linalg/philox.h"
#include "dmft_kernels.h"

namespace lowrank {
namespace {

using kernels::sumLanes;
using kernels::tileSamples;

constexpr std::int64_t panelSamples = 256;  // a panel's work arrays fit the first-level cache
constexpr std::int64_t panelTiles = panelSamples / tileSamples;
constexpr std::int64_t mostParts = 64;  // never more threads than that; a fixed partition of the panels
constexpr int streamBlock = 44;         // dmft.h: numbers of the stream in blocks of 2^44

std::int64_t panelCount(std::int64_t samples) { return (samples + panelSamples - 1) / panelSamples; }

double lanesTotal(const double* v) { return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7])); }

// A panel's numbers, split when complex.
struct Numbers {
  double re[panelSamples];
  double im[panelSamples];
};

struct PanelArrays {
  Numbers w, r, force, g, numbers;
  double value[panelSamples], f[panelSamples], mask[panelSamples], t[panelSamples], resolvent[panelSamples];
};

constexpr std::int64_t arraysSize = sizeof(PanelArrays) / sizeof(double);

}  // namespace

DmftMeans::DmftMeans(std::int64_t iterations)
    : responseForce(static_cast<std::size_t>(iterations + 1)),
      products(static_cast<std::size_t>(iterations + 2)),
      gram(static_cast<std::size_t>(iterations + 2)) {}

// One panel at work: where it is, and the scratch of its part.
struct DmftSamples::Panel {
  std::int64_t first, count, firstTile, tiles;
  PanelArrays* arrays;
  double* pairs;          // the adjoint recursion of one tile
  double* responseForce;  // sums in lanes: T + 1 rows
  double* products;       // T + 2
  double* gram;           // T + 2
  double* zForce;         // 1
  double* totals;         // train, test, |w|^2, |z|^2, |ell_*|^2
};

DmftSamples::DmftSamples(const DmftOptions& options, bool twin)
    : options_(options),
      twin_(twin),
      complex_(options.field == Field::complex),
      loss_(makeLoss(options.loss, options.field)),
      sizeT_(options.iterations + 1),
      width_(complex_ ? 32 : 16),
      derivativeWidth_(complex_ ? 48 : 16),
      pairWidth_(complex_ ? 64 : 16),
      panels_(panelCount(options.samples)),
      parts_(std::min(panels_, mostParts)),
      scratchSize_(arraysSize + sizeT_ * pairWidth_ + (3 * sizeT_ + 4) * sumLanes) {
  const std::int64_t tiles = panels_ * panelTiles;
  if (!twin) basis_ = AlignedBuffer<double>(tiles * (sizeT_ + 1) * width_);
  forces_ = AlignedBuffer<double>(tiles * (sizeT_ + 1) * width_);
  derivatives_ = AlignedBuffer<double>(tiles * sizeT_ * derivativeWidth_);
  scratch_ = AlignedBuffer<double>(parts_ * scratchSize_);
}

std::int64_t DmftSamples::bytes(const DmftOptions& options, bool twin) noexcept {
  const bool complex = options.field == Field::complex;
  const double rows = static_cast<double>(options.iterations) + 1;
  const double perSample = (rows + 1) * (complex ? 2 : 1) * (twin ? 1 : 2) + rows * (complex ? 3 : 1);
  const double samples = static_cast<double>(panelCount(options.samples) * panelSamples);
  const double scratch = mostParts * (arraysSize + rows * (complex ? 64 : 16) + (3 * rows + 4) * sumLanes);
  const double total = 8 * (samples * perSample + scratch);
  return total < 9e18 ? static_cast<std::int64_t>(total) : INT64_MAX;
}

template <class Work>
bool DmftSamples::forPanels(Team& team, const Work& work) {
  team.run(parts_, [&](std::int64_t part) {
    double* const scratch = scratch_.data() + part * scratchSize_;
    double* const sums = scratch + arraysSize + sizeT_ * pairWidth_;
    std::fill(sums, scratch + scratchSize_, 0.0);
    const std::int64_t from = panels_ * part / parts_, to = panels_ * (part + 1) / parts_;
    for (std::int64_t p = from; p < to && !team.cancelled(); ++p) {
      Panel panel;
      panel.first = p * panelSamples;
      panel.count = std::min(panelSamples, options_.samples - panel.first);
      panel.firstTile = p * panelTiles;
      panel.tiles = (panel.count + tileSamples - 1) / tileSamples;
      panel.arrays = reinterpret_cast<PanelArrays*>(scratch);
      panel.pairs = scratch + arraysSize;
      panel.responseForce = sums;
      panel.products = panel.responseForce + sizeT_ * sumLanes;
      panel.gram = panel.products + (sizeT_ + 1) * sumLanes;
      panel.zForce = panel.gram + (sizeT_ + 1) * sumLanes;
      panel.totals = panel.zForce + sumLanes;
      work(panel);
    }
  });
  return !team.cancelled();
}

void DmftSamples::add(DmftMeans& means) const {
  const double n = static_cast<double>(options_.samples);
  std::vector<double> totals(static_cast<std::size_t>(3 * sizeT_ + 3 + 5));
  for (std::int64_t part = 0; part < parts_; ++part) {
    const double* sums = scratch_.data() + part * scratchSize_ + arraysSize + sizeT_ * pairWidth_;
    const std::int64_t rows = 3 * sizeT_ + 3;
    for (std::int64_t k = 0; k < rows; ++k) totals[static_cast<std::size_t>(k)] += lanesTotal(sums + k * sumLanes);
    for (std::int64_t k = 0; k < 5; ++k) totals[static_cast<std::size_t>(rows + k)] += sums[rows * sumLanes + k];
  }
  for (double& total : totals) total /= n;
  const double* next = totals.data();
  for (double& value : means.responseForce) value = *next++;
  for (double& value : means.products) value = *next++;
  for (double& value : means.gram) value = *next++;
  means.zForce = *next++;
  means.trainLoss = *next++;
  means.testLoss = *next++;
  means.squaredField = *next++;
  if (const double z = *next++; z > 0) means.squaredZ = z;  // of begin()
  means.squaredStar = *next++;
}

bool DmftSamples::begin(DmftMeans& means, Team& team) {
  if (twin_) return !team.cancelled();
  const bool done = forPanels(team, [&](Panel& panel) {
    double squared = 0;
    for (std::int64_t tile = 0; tile < panel.tiles; ++tile) {
      const std::int64_t first = panel.first + tile * tileSamples;
      double* const z = basis_.data() + (panel.firstTile + tile) * (sizeT_ + 1) * width_;
      for (std::int64_t i = 0; i < std::min(tileSamples, options_.samples - first); ++i) {
        z[i] = options_.z[first + i];
        squared += z[i] * z[i];
        if (!complex_) continue;
        z[tileSamples + i] = options_.z[options_.samples + first + i];
        squared += z[tileSamples + i] * z[tileSamples + i];
      }
    }
    panel.totals[3] += squared;
    draw(0, panel);
  });
  if (done) add(means);
  return done;
}

bool DmftSamples::step(std::int64_t t, const DmftCoefficients& coefficients, DmftMeans& means, Team& team) {
  const bool done = forPanels(team, [&](Panel& panel) {
    PanelArrays& a = *panel.arrays;
    for (std::int64_t i = 0; i < panelSamples; ++i) {
      a.t[i] = options_.spectral && i < panel.count ? options_.t[panel.first + i] : 0;
      a.resolvent[i] = options_.spectral ? 1 / (1 - a.t[i] / options_.tau) : 1;
    }
    if (twin_) {
      fieldsOfRun(t, coefficients, panel);
    } else {
      fields(t, coefficients, panel);
    }
    evaluate(t, panel);
    store(t, panel);
    respond(t, coefficients, panel);
    if (!twin_ && t + 1 < sizeT_) draw(t + 1, panel);
  });
  if (done) add(means);
  return done;
}

// xi_t, row t + 1 of the basis, and its products with the rows up to itself.
void DmftSamples::draw(std::int64_t t, Panel& panel) {
  double* const numbers = panel.arrays->numbers.re;  // re and im are neighbours
  const std::int64_t each = complex_ ? 2 : 1;
  const std::uint64_t first = (static_cast<std::uint64_t>(3 + 2 * t) << streamBlock) +
                              static_cast<std::uint64_t>(each * (options_.firstSample + panel.first));
  normals(options_.seed, Purpose::asymptotics, first, each * panel.count, numbers);
  std::fill(numbers + each * panel.count, numbers + each * panelSamples, 0.0);
  const double scale = complex_ ? std::sqrt(0.5) : 1;
  for (std::int64_t tile = 0; tile < panel.tiles; ++tile) {
    double* const rows = basis_.data() + (panel.firstTile + tile) * (sizeT_ + 1) * width_;
    double* const row = rows + (t + 1) * width_;
    const double* const from = numbers + tile * tileSamples * each;
    for (std::int64_t i = 0; i < tileSamples; ++i) {
      row[i] = scale * from[each * i];
      if (complex_) row[tileSamples + i] = scale * from[2 * i + 1];
    }
    kernels::addRowProducts(rows, t + 2, width_, row, panel.gram);
  }
}

void DmftSamples::fields(std::int64_t t, const DmftCoefficients& c, Panel& panel) {
  PanelArrays& a = *panel.arrays;
  for (std::int64_t tile = 0; tile < panel.tiles; ++tile) {
    const std::int64_t size = (panel.firstTile + tile) * (sizeT_ + 1) * width_;
    const std::int64_t at = tile * tileSamples;
    kernels::combineRows(basis_.data() + size, t + 2, width_, width_, c.basis, a.w.re + at, panelSamples);
    kernels::combineRows(forces_.data() + size, t > 0 ? t + 1 : 0, width_, width_, c.memory, a.r.re + at, panelSamples);
  }
  const std::int64_t each = complex_ ? 2 : 1;
  for (std::int64_t part = 0; part < each; ++part) {
    double* const w = part == 0 ? a.w.re : a.w.im;
    double* const r = part == 0 ? a.r.re : a.r.im;
    for (std::int64_t i = 0; i < panelSamples; ++i) r[i] = t > 0 ? w[i] + r[i] : w[i] * a.resolvent[i];
  }
}

void DmftSamples::fieldsOfRun(std::int64_t t, const DmftCoefficients& c, Panel& panel) {
  PanelArrays& a = *panel.arrays;
  for (std::int64_t tile = 0; tile < panel.tiles; ++tile) {
    const std::int64_t size = (panel.firstTile + tile) * (sizeT_ + 1) * width_;
    kernels::combineRows(forces_.data() + size, t > 0 ? t + 1 : 0, width_, width_, c.memory,
                         a.w.re + tile * tileSamples, panelSamples);
  }
  const std::int64_t each = complex_ ? 2 : 1;
  for (std::int64_t part = 0; part < each; ++part) {
    double* const w = part == 0 ? a.w.re : a.w.im;
    double* const r = part == 0 ? a.r.re : a.r.im;
    const std::int64_t place = part * options_.samples + panel.first;
    for (std::int64_t i = 0; i < panel.count; ++i) {
      r[i] = c.given[place + i];
      w[i] = t > 0 ? r[i] - w[i] : r[i] / a.resolvent[i];
      c.recovered[place + i] = w[i];
    }
  }
}

void DmftSamples::evaluate(std::int64_t t, Panel& panel) {
  PanelArrays& a = *panel.arrays;
  const std::int64_t count = panel.count;
  const double* const y = options_.y + panel.first;
  const auto entries = [&](Numbers& numbers) { return MutableEntries{numbers.re, complex_ ? numbers.im : nullptr}; };
  const auto total = [&] {
    double sum = 0;
    for (std::int64_t i = 0; i < count; ++i) sum += a.value[i];
    return sum;
  };
  loss_->values(count, entries(a.r), y, a.value);
  panel.totals[0] += total();
  loss_->values(count, entries(a.w), y, a.value);
  panel.totals[1] += total();
  double squared = 0;
  for (std::int64_t i = 0; i < count; ++i) squared += a.w.re[i] * a.w.re[i] + (complex_ ? a.w.im[i] * a.w.im[i] : 0);
  panel.totals[2] += squared;

  loss_->forces(count, entries(a.r), y, entries(a.force));
  loss_->derivatives(count, entries(a.r), y, a.f, complex_ ? entries(a.g) : MutableEntries{});
  if (options_.batch < 1) {
    const std::uint64_t first = (static_cast<std::uint64_t>(4 + 2 * t) << streamBlock) +
                                static_cast<std::uint64_t>(options_.firstSample + panel.first);
    uniforms(options_.seed, Purpose::asymptotics, first, count, a.mask);
    for (std::int64_t i = 0; i < count; ++i) {
      const double mask = a.mask[i] < options_.batch ? 1 / options_.batch : 0;
      a.force.re[i] *= mask;
      a.f[i] *= mask;
      if (!complex_) continue;
      a.force.im[i] *= mask;
      a.g.re[i] *= mask;
      a.g.im[i] *= mask;
    }
  }
  // Past the last sample everything is zero, so that sums over whole tiles are right.
  for (double* array : {a.force.re, a.force.im, a.f, a.g.re, a.g.im, a.r.re, a.r.im})
    std::fill(array + count, array + panel.tiles * tileSamples, 0.0);
}

void DmftSamples::store(std::int64_t t, Panel& panel) {
  PanelArrays& a = *panel.arrays;
  const auto copy = [](double* to, const double* from) { std::memcpy(to, from, tileSamples * sizeof(double)); };
  for (std::int64_t tile = 0; tile < panel.tiles; ++tile) {
    const std::int64_t at = tile * tileSamples;
    double* const forces = forces_.data() + (panel.firstTile + tile) * (sizeT_ + 1) * width_;
    double* const row = forces + (t + 1) * width_;
    double* const d = derivatives_.data() + ((panel.firstTile + tile) * sizeT_ + t) * derivativeWidth_;
    copy(row, a.force.re + at);
    copy(d, a.f + at);
    if (complex_) {
      copy(row + tileSamples, a.force.im + at);
      copy(d + tileSamples, a.g.re + at);
      copy(d + 2 * tileSamples, a.g.im + at);
    }
    if (t > 0 || !options_.spectral) continue;
    for (std::int64_t i = 0; i < tileSamples; ++i) {  // ell_* = T(y) r^0
      forces[i] = a.t[at + i] * a.r.re[at + i];
      panel.totals[4] += forces[i] * forces[i];
      if (!complex_) continue;
      forces[tileSamples + i] = a.t[at + i] * a.r.im[at + i];
      panel.totals[4] += forces[tileSamples + i] * forces[tileSamples + i];
    }
  }
}

void DmftSamples::respond(std::int64_t t, const DmftCoefficients& c, Panel& panel) {
  PanelArrays& a = *panel.arrays;
  alignas(64) double star[tileSamples];
  for (std::int64_t tile = 0; tile < panel.tiles; ++tile) {
    const std::int64_t size = (panel.firstTile + tile) * (sizeT_ + 1) * width_;
    const double* const forces = forces_.data() + size;
    const double* const row = forces + (t + 1) * width_;
    const double* const d = derivatives_.data() + (panel.firstTile + tile) * sizeT_ * derivativeWidth_;
    kernels::addRowProducts(forces, t + 2, width_, row, panel.products);
    if (!twin_) kernels::addRowProducts(basis_.data() + size, 1, width_, row, panel.zForce);
    if (complex_) {
      kernels::adjointComplex(t, d, c.response, sizeT_, panel.pairs);
    } else {
      kernels::adjointReal(t, d, c.response, sizeT_, panel.pairs);
    }
    if (options_.spectral) {
      kernels::combineRows(panel.pairs + pairWidth_, t, pairWidth_, tileSamples, c.star + 1, star, tileSamples);
      const std::int64_t at = tile * tileSamples;
      for (std::int64_t i = 0; i < tileSamples; ++i)
        panel.pairs[i] = (panel.pairs[i] + a.t[at + i] * star[i]) * a.resolvent[at + i];
    }
    kernels::addRowSums(panel.pairs, t + 1, pairWidth_, panel.responseForce);
  }
}

}  // namespace lowrank
