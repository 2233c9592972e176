#include "coded_diffraction.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "../error.h"
#include "../kernels/dense_kernels.h"
#include "../linalg/lapack.h"

namespace lowrank {
namespace {

constexpr std::int64_t maxParts = 32;
// Columns or rows of an image that are transformed together: the innermost loops run over them, and a panel of them
// stays in the second-level cache.
constexpr std::int64_t panel = 16;

std::int64_t checkedProduct(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) throw Error(ErrorCode::tooLarge, "The size of the design overflows.");
  return product;
}

std::int64_t checkedShape(std::int64_t patterns, std::int64_t height, std::int64_t width) {
  if (patterns < 1 || height < 1 || width < 1) {
    throw Error(ErrorCode::invalidArgument, "Coded diffraction needs at least one mask of at least one number.");
  }
  checkedProduct(checkedProduct(checkedProduct(height, width), patterns),
                 2 * static_cast<std::int64_t>(sizeof(double)));
  return height * width;
}

std::vector<FourierTransform::Root> rootsOf(std::int64_t length) {
  std::vector<FourierTransform::Root> roots;
  for (std::int64_t k = 0; k < length; ++k) roots.push_back(FourierTransform::root(k, length));
  return roots;
}

std::size_t byteCount(std::int64_t doubles) { return static_cast<std::size_t>(doubles) * sizeof(double); }

}  // namespace

// What one part works in: weights and spectra of one pattern (n numbers, split), panels, and the image that it adds to.
struct CodedDiffraction::Scratch {
  double *re, *im, *panels, *image;
};

class CodedDiffraction::Workspace final : public DesignWorkspace {
 public:
  Workspace(std::int64_t parts, std::int64_t grid, std::int64_t panels, std::int64_t image)
      : grids(checkedProduct(parts, grid)),
        panels(checkedProduct(parts, panels)),
        images(checkedProduct(parts, image)) {}
  std::int64_t bytes() const override { return grids.bytes() + panels.bytes() + images.bytes(); }

  AlignedBuffer<double> grids, panels, images;
};

CodedDiffraction::CodedDiffraction(const double* masks, std::int64_t patterns, std::int64_t height, std::int64_t width)
    : patterns_(patterns),
      height_(height),
      width_(width),
      n_(checkedShape(patterns, height, width)),
      stride_((n_ + kernels::strideMultiple - 1) / kernels::strideMultiple * kernels::strideMultiple),
      parts_(std::min(patterns, maxParts)),
      columns_(height),
      rows_(width),
      columnRoots_(rootsOf(height)),
      rowRoots_(rootsOf(width)),
      masks_(2 * n_ * patterns) {
  const std::int64_t bad = firstNonFinite(masks, masks_.size());
  if (bad >= 0) {
    throw Error(ErrorCode::nonFinite,
                "Expected finite numbers in masks but found one that is not at index " + std::to_string(bad) + ".");
  }
  for (std::int64_t l = 0; l < patterns; ++l) {
    double* mask = masks_.data() + 2 * n_ * l;
    for (std::int64_t j = 0; j < n_; ++j) {
      mask[j] = masks[2 * (n_ * l + j)];
      mask[n_ + j] = masks[2 * (n_ * l + j) + 1];
    }
  }
}

double CodedDiffraction::maskNorm(std::int64_t pattern) const noexcept {
  const double* mask = masks_.data() + 2 * n_ * pattern;
  double sum = 0;
  for (std::int64_t j = 0; j < 2 * n_; ++j) sum += mask[j] * mask[j];
  return sum;
}

double CodedDiffraction::squaredNorm() const noexcept {
  double sum = 0;
  for (std::int64_t l = 0; l < patterns_; ++l) sum += maskNorm(l);
  return sum * static_cast<double>(n_);
}

// Entries of F have modulus 1: all rows of a pattern have the norm of its mask.
void CodedDiffraction::squaredRowNorms(double* out) const {
  for (std::int64_t l = 0; l < patterns_; ++l) std::fill_n(out + l * n_, n_, maskNorm(l));
}

std::unique_ptr<DesignWorkspace> CodedDiffraction::workspace() const {
  const std::int64_t columnPanels = 2 * height_ * panel + columns_.scratchSize(panel);
  const std::int64_t rowPanels = 2 * width_ * panel + rows_.scratchSize(panel);
  return std::make_unique<Workspace>(parts_, 2 * n_, std::max(columnPanels, rowPanels), 2 * stride_);
}

CodedDiffraction::Scratch CodedDiffraction::scratchOf(Workspace& workspace, std::int64_t part) const {
  double* grid = workspace.grids.data() + part * 2 * n_;
  return {grid, grid + n_, workspace.panels.data() + part * (workspace.panels.size() / parts_),
          workspace.images.data() + part * 2 * stride_};
}

// F in place, panel by panel; with the parts exchanged its adjoint. False when cancelled.
bool CodedDiffraction::transform(double* re, double* im, double* scratch, Team& team) const {
  const std::int64_t h = height_, w = width_;
  for (std::int64_t first = 0; h > 1 && first < w; first += panel) {
    if (team.cancelled()) return false;
    const std::int64_t batch = std::min(panel, w - first);
    double *a = scratch, *b = scratch + h * batch;
    for (std::int64_t i = 0; i < h; ++i) {
      std::copy_n(re + i * w + first, batch, a + i * batch);
      std::copy_n(im + i * w + first, batch, b + i * batch);
    }
    columns_.forward(a, b, batch, scratch + 2 * h * batch);
    for (std::int64_t i = 0; i < h; ++i) {
      std::copy_n(a + i * batch, batch, re + i * w + first);
      std::copy_n(b + i * batch, batch, im + i * w + first);
    }
  }
  for (std::int64_t first = 0; w > 1 && first < h; first += panel) {
    if (team.cancelled()) return false;
    const std::int64_t batch = std::min(panel, h - first);
    if (batch == 1) {
      rows_.forward(re + first * w, im + first * w, 1, scratch);
      continue;
    }
    double *a = scratch, *b = scratch + w * batch;
    for (std::int64_t j = 0; j < w; ++j) {
      for (std::int64_t i = 0; i < batch; ++i) {
        a[j * batch + i] = re[(first + i) * w + j];
        b[j * batch + i] = im[(first + i) * w + j];
      }
    }
    rows_.forward(a, b, batch, scratch + 2 * w * batch);
    for (std::int64_t i = 0; i < batch; ++i) {
      for (std::int64_t j = 0; j < w; ++j) {
        re[(first + i) * w + j] = a[j * batch + i];
        im[(first + i) * w + j] = b[j * batch + i];
      }
    }
  }
  return !team.cancelled();
}

// r of one pattern = F (mask o theta)
bool CodedDiffraction::forward(std::int64_t pattern, const double* theta, double* r, const Scratch& scratch,
                               Team& team) const {
  const double *maskRe = masks_.data() + 2 * n_ * pattern, *maskIm = maskRe + n_;
  const double *thetaRe = theta, *thetaIm = theta + n_;
  double *re = r + pattern * n_, *im = r + measurements() + pattern * n_;
  for (std::int64_t j = 0; j < n_; ++j) {
    re[j] = maskRe[j] * thetaRe[j] - maskIm[j] * thetaIm[j];
    im[j] = maskRe[j] * thetaIm[j] + maskIm[j] * thetaRe[j];
  }
  return transform(re, im, scratch.panels, team);
}

// image += conj(mask) o F^H (re + i im) of the scratch
bool CodedDiffraction::backward(std::int64_t pattern, const Scratch& scratch, Team& team) const {
  if (!transform(scratch.im, scratch.re, scratch.panels, team)) return false;
  const double *maskRe = masks_.data() + 2 * n_ * pattern, *maskIm = maskRe + n_;
  double *imageRe = scratch.image, *imageIm = imageRe + stride_;
  for (std::int64_t j = 0; j < n_; ++j) {
    imageRe[j] += maskRe[j] * scratch.re[j] + maskIm[j] * scratch.im[j];
    imageIm[j] += maskRe[j] * scratch.im[j] - maskIm[j] * scratch.re[j];
  }
  return true;
}

// Calls function(pattern, part) until it says false; patterns of one part are consecutive and in order.
template <class Function>
bool CodedDiffraction::forPatterns(Team& team, const Function& function) const {
  team.run(parts_, [&](std::int64_t part) {
    for (std::int64_t l = patterns_ * part / parts_; l < patterns_ * (part + 1) / parts_; ++l) {
      if (team.cancelled() || !function(l, part)) return;
    }
  });
  return !team.cancelled();
}

// Adds the partial images in a fixed tree, entries shared among the threads.
void CodedDiffraction::finishImage(Workspace& workspace, double* out, Team& team) const {
  double* slots = workspace.images.data();
  const std::int64_t width = 2 * stride_, blocks = width / kernels::strideMultiple;
  const std::int64_t shares = std::min<std::int64_t>(blocks, 16);
  team.run(shares, [&](std::int64_t share) {
    kernels::sumSlots(slots, parts_, width, blocks * share / shares * kernels::strideMultiple,
                      blocks * (share + 1) / shares * kernels::strideMultiple);
  });
  std::memcpy(out, slots, byteCount(n_));
  std::memcpy(out + n_, slots + stride_, byteCount(n_));
}

bool CodedDiffraction::apply(const double* theta, double* r, DesignWorkspace& workspace, Team& team) const {
  auto& own = static_cast<Workspace&>(workspace);
  return forPatterns(
      team, [&](std::int64_t l, std::int64_t part) { return forward(l, theta, r, scratchOf(own, part), team); });
}

bool CodedDiffraction::adjoint(const double* g, double* out, DesignWorkspace& workspace, Team& team) const {
  auto& own = static_cast<Workspace&>(workspace);
  const bool complete = forPatterns(team, [&](std::int64_t l, std::int64_t part) {
    const Scratch scratch = scratchOf(own, part);
    if (l == patterns_ * part / parts_) std::memset(scratch.image, 0, byteCount(2 * stride_));
    std::memcpy(scratch.re, g + l * n_, byteCount(n_));
    std::memcpy(scratch.im, g + measurements() + l * n_, byteCount(n_));
    return backward(l, scratch, team);
  });
  if (complete) finishImage(own, out, team);
  return complete;
}

bool CodedDiffraction::applyAndAdjoint(const double* theta, double* r, const RowMap& map, double* out,
                                       DesignWorkspace& workspace, Team& team) const {
  auto& own = static_cast<Workspace&>(workspace);
  const bool complete = forPatterns(team, [&](std::int64_t l, std::int64_t part) {
    const Scratch scratch = scratchOf(own, part);
    if (l == patterns_ * part / parts_) std::memset(scratch.image, 0, byteCount(2 * stride_));
    if (!forward(l, theta, r, scratch, team)) return false;
    const double* seen = r;
    map.map(l * n_, n_, entriesOf(seen, measurements(), Field::complex, l * n_), {scratch.re, scratch.im});
    return backward(l, scratch, team);
  });
  if (complete) finishImage(own, out, team);
  return complete;
}

namespace {

// re + i im = mask_j a b, with a b = exp(-2 pi i (k1 j1 / height + k2 j2 / width)).
void writeEntry(const double* mask, std::int64_t n, std::int64_t j, FourierTransform::Root a, FourierTransform::Root b,
                double* re, double* im) {
  const double c = a.re * b.re - a.im * b.im, s = a.re * b.im + a.im * b.re;
  *re = mask[j] * c - mask[n + j] * s;
  *im = mask[j] * s + mask[n + j] * c;
}

}  // namespace

void CodedDiffraction::readRow(std::int64_t i, double* out) const {
  if (i < 0 || i >= measurements()) throw Error(ErrorCode::invalidArgument, "No such row of the design.");
  const double* mask = masks_.data() + 2 * n_ * (i / n_);
  const std::int64_t k1 = i % n_ / width_, k2 = i % width_;
  for (std::int64_t j = 0; j < n_; ++j) {
    writeEntry(mask, n_, j, columnRoots_[static_cast<std::size_t>(k1 * (j / width_) % height_)],
               rowRoots_[static_cast<std::size_t>(k2 * (j % width_) % width_)], out + j, out + n_ + j);
  }
}

void CodedDiffraction::readColumn(std::int64_t j, double* out) const {
  if (j < 0 || j >= n_) throw Error(ErrorCode::invalidArgument, "No such column of the design.");
  const std::int64_t j1 = j / width_, j2 = j % width_, m = measurements();
  for (std::int64_t i = 0; i < m; ++i) {
    const std::int64_t k1 = i % n_ / width_, k2 = i % width_;
    writeEntry(masks_.data() + 2 * n_ * (i / n_), n_, j, columnRoots_[static_cast<std::size_t>(k1 * j1 % height_)],
               rowRoots_[static_cast<std::size_t>(k2 * j2 % width_)], out + i, out + m + i);
  }
}

}  // namespace lowrank
