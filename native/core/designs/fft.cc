#include "fft.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "../error.h"

#if defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__)
#define LOWRANK_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define LOWRANK_CLONES
#endif
#define LOWRANK_INLINE inline __attribute__((always_inline))

namespace lowrank {
namespace {

constexpr std::int64_t largestRadix = 13;

// One pass: `blocks` butterflies of `radix` entries for each of `stride` interleaved transforms.
struct Geometry {
  std::int64_t radix, blocks, stride;
  const double* twiddles;
  const double* roots;
};
struct Parts {
  const double *re, *im;
};
struct OutParts {
  double *re, *im;
};

template <int R>
LOWRANK_INLINE void butterfly(const double* ar, const double* ai, double* br, double* bi);

template <>
LOWRANK_INLINE void butterfly<2>(const double* ar, const double* ai, double* br, double* bi) {
  br[0] = ar[0] + ar[1];
  bi[0] = ai[0] + ai[1];
  br[1] = ar[0] - ar[1];
  bi[1] = ai[0] - ai[1];
}

template <>
LOWRANK_INLINE void butterfly<3>(const double* ar, const double* ai, double* br, double* bi) {
  constexpr double half = 0.5, sine = 0.86602540378443864676;
  const double sr = ar[1] + ar[2], si = ai[1] + ai[2];
  const double dr = sine * (ar[1] - ar[2]), di = sine * (ai[1] - ai[2]);
  const double mr = ar[0] - half * sr, mi = ai[0] - half * si;
  br[0] = ar[0] + sr;
  bi[0] = ai[0] + si;
  br[1] = mr + di;
  bi[1] = mi - dr;
  br[2] = mr - di;
  bi[2] = mi + dr;
}

template <>
LOWRANK_INLINE void butterfly<4>(const double* ar, const double* ai, double* br, double* bi) {
  const double s02r = ar[0] + ar[2], s02i = ai[0] + ai[2], d02r = ar[0] - ar[2], d02i = ai[0] - ai[2];
  const double s13r = ar[1] + ar[3], s13i = ai[1] + ai[3], d13r = ar[1] - ar[3], d13i = ai[1] - ai[3];
  br[0] = s02r + s13r;
  bi[0] = s02i + s13i;
  br[1] = d02r + d13i;
  bi[1] = d02i - d13r;
  br[2] = s02r - s13r;
  bi[2] = s02i - s13i;
  br[3] = d02r - d13i;
  bi[3] = d02i + d13r;
}

template <>
LOWRANK_INLINE void butterfly<5>(const double* ar, const double* ai, double* br, double* bi) {
  constexpr double c1 = 0.30901699437494742410, c2 = -0.80901699437494742410;
  constexpr double s1 = 0.95105651629515357212, s2 = 0.58778525229247312917;
  const double p1r = ar[1] + ar[4], p1i = ai[1] + ai[4], m1r = ar[1] - ar[4], m1i = ai[1] - ai[4];
  const double p2r = ar[2] + ar[3], p2i = ai[2] + ai[3], m2r = ar[2] - ar[3], m2i = ai[2] - ai[3];
  const double ur = ar[0] + c1 * p1r + c2 * p2r, ui = ai[0] + c1 * p1i + c2 * p2i;
  const double vr = ar[0] + c2 * p1r + c1 * p2r, vi = ai[0] + c2 * p1i + c1 * p2i;
  const double wr = s1 * m1r + s2 * m2r, wi = s1 * m1i + s2 * m2i;
  const double zr = s2 * m1r - s1 * m2r, zi = s2 * m1i - s1 * m2i;
  br[0] = ar[0] + p1r + p2r;
  bi[0] = ai[0] + p1i + p2i;
  br[1] = ur + wi;
  bi[1] = ui - wr;
  br[4] = ur - wi;
  bi[4] = ui + wr;
  br[2] = vr + zi;
  bi[2] = vi - zr;
  br[3] = vr - zi;
  bi[3] = vi + zr;
}

// Entries p, p + blocks, p + 2 blocks, ... of each transform become entries R p, R p + 1, ... of transforms that are R
// times shorter; decimation in frequency.
template <int R>
LOWRANK_INLINE void pass(const Geometry& g, Parts in, OutParts out) {
  const std::int64_t stride = g.stride, step = g.blocks * stride;
  for (std::int64_t p = 0; p < g.blocks; ++p) {
    const double* w = g.twiddles + 2 * p * (R - 1);
    const double *xr = in.re + p * stride, *xi = in.im + p * stride;
    double *yr = out.re + R * p * stride, *yi = out.im + R * p * stride;
#pragma GCC ivdep
    for (std::int64_t q = 0; q < stride; ++q) {
      double ar[R], ai[R], br[R], bi[R];
      for (int k = 0; k < R; ++k) {
        ar[k] = xr[k * step + q];
        ai[k] = xi[k * step + q];
      }
      butterfly<R>(ar, ai, br, bi);
      yr[q] = br[0];
      yi[q] = bi[0];
      for (int k = 1; k < R; ++k) {
        const double c = w[2 * k - 2], s = w[2 * k - 1];
        yr[k * stride + q] = c * br[k] - s * bi[k];
        yi[k * stride + q] = c * bi[k] + s * br[k];
      }
    }
  }
}

LOWRANK_CLONES void pass2(const Geometry& g, Parts in, OutParts out) { pass<2>(g, in, out); }
LOWRANK_CLONES void pass3(const Geometry& g, Parts in, OutParts out) { pass<3>(g, in, out); }
LOWRANK_CLONES void pass4(const Geometry& g, Parts in, OutParts out) { pass<4>(g, in, out); }
LOWRANK_CLONES void pass5(const Geometry& g, Parts in, OutParts out) { pass<5>(g, in, out); }

// Any other small radix: the butterfly by its definition.
LOWRANK_CLONES void passOfAny(const Geometry& g, Parts in, OutParts out) {
  const std::int64_t r = g.radix, stride = g.stride, step = g.blocks * stride;
  for (std::int64_t p = 0; p < g.blocks; ++p) {
    const double *xr = in.re + p * stride, *xi = in.im + p * stride;
    for (std::int64_t k = 0; k < r; ++k) {
      const double c = k == 0 ? 1 : g.twiddles[2 * (p * (r - 1) + k - 1)];
      const double s = k == 0 ? 0 : g.twiddles[2 * (p * (r - 1) + k - 1) + 1];
      double *yr = out.re + (r * p + k) * stride, *yi = out.im + (r * p + k) * stride;
#pragma GCC ivdep
      for (std::int64_t q = 0; q < stride; ++q) {
        double sumR = xr[q], sumI = xi[q];
        for (std::int64_t j = 1; j < r; ++j) {
          const double *w = g.roots + 2 * (j * k % r), a = xr[j * step + q], b = xi[j * step + q];
          sumR += w[0] * a - w[1] * b;
          sumI += w[0] * b + w[1] * a;
        }
        yr[q] = c * sumR - s * sumI;
        yi[q] = c * sumI + s * sumR;
      }
    }
  }
}

// (re + i im)_j *= f_j for the whole batch; f is re, im, re, im, ...
LOWRANK_CLONES void scaleEntries(const double* f, std::int64_t count, std::int64_t batch, Parts in, OutParts out) {
  for (std::int64_t j = 0; j < count; ++j) {
    const double c = f[2 * j], s = f[2 * j + 1];
#pragma GCC ivdep
    for (std::int64_t b = j * batch; b < (j + 1) * batch; ++b) {
      const double re = in.re[b], im = in.im[b];
      out.re[b] = c * re - s * im;
      out.im[b] = c * im + s * re;
    }
  }
}

// The radices of a length, or none where a prime factor is too large for a butterfly.
std::vector<std::int64_t> radicesOf(std::int64_t length) {
  std::vector<std::int64_t> radices;
  for (const std::int64_t radix : {4, 2, 3, 5, 7, 11, 13}) {
    while (length % radix == 0) {
      radices.push_back(radix);
      length /= radix;
    }
  }
  if (length > 1) radices.clear();
  return radices;
}

// The least 2^a, 3 2^a, 5 2^a, 9 2^a or 15 2^a that is not below `least`.
std::int64_t smoothLength(std::int64_t least) {
  std::int64_t best = INT64_MAX;
  for (const std::int64_t factor : {1, 3, 5, 9, 15}) {
    std::int64_t candidate = factor;
    while (candidate < least) candidate *= 2;
    best = std::min(best, candidate);
  }
  return best;
}

}  // namespace

// X_k = c_k sum_j (x_j c_j) conj(c_{k - j}) with c_j = exp(-pi i j^2 / n): a convolution, by transforms of a good
// length.
struct FourierTransform::Chirp {
  explicit Chirp(std::int64_t n) : inner(smoothLength(2 * n - 1)) {
    const std::int64_t length = inner.length();
    chirp.resize(static_cast<std::size_t>(2 * n));
    std::vector<double> re(static_cast<std::size_t>(length)), im(re), scratch;
    std::int64_t square = 0;  // j^2 mod 2 n
    for (std::int64_t j = 0; j < n; ++j) {
      const Root c = root(square, 2 * n);
      chirp[static_cast<std::size_t>(2 * j)] = c.re;
      chirp[static_cast<std::size_t>(2 * j + 1)] = c.im;
      for (const std::int64_t place : {j, (length - j) % length}) {
        re[static_cast<std::size_t>(place)] = c.re / static_cast<double>(length);
        im[static_cast<std::size_t>(place)] = -c.im / static_cast<double>(length);
      }
      square = (square + 2 * j + 1) % (2 * n);
    }
    scratch.resize(static_cast<std::size_t>(inner.scratchSize(1)));
    inner.forward(re.data(), im.data(), 1, scratch.data());
    filter.resize(static_cast<std::size_t>(2 * length));
    for (std::int64_t k = 0; k < length; ++k) {
      filter[static_cast<std::size_t>(2 * k)] = re[static_cast<std::size_t>(k)];
      filter[static_cast<std::size_t>(2 * k + 1)] = im[static_cast<std::size_t>(k)];
    }
  }

  FourierTransform inner;
  std::vector<double> chirp, filter;
};

FourierTransform::Root FourierTransform::root(std::int64_t k, std::int64_t length) noexcept {
  // By the nearest of the eight directions, so that the argument is small and symmetric roots are symmetric.
  constexpr long double turn = 2 * std::numbers::pi_v<long double>;
  const std::int64_t octant = 8 * k / length;
  const auto angle = [&](std::int64_t numerator) {
    return turn * static_cast<long double>(numerator) / (8 * static_cast<long double>(length));
  };
  const std::int64_t eighths = 8 * k;
  double c = 0, s = 0;
  if (octant % 2 == 0) {
    const long double a = angle(eighths - octant * length);
    c = static_cast<double>(std::cos(a));
    s = static_cast<double>(std::sin(a));
  } else {
    const long double a = angle((octant + 1) * length - eighths);
    c = static_cast<double>(std::sin(a));
    s = static_cast<double>(std::cos(a));
  }
  // (c, s) is the direction inside the quadrant.
  switch (octant / 2) {
    case 0:
      return {c, -s};
    case 1:
      return {-s, -c};
    case 2:
      return {-c, s};
    default:
      return {s, c};
  }
}

FourierTransform::FourierTransform(std::int64_t length) : length_(length) {
  if (length < 1 || length >= std::int64_t{1} << 40) {
    throw Error(ErrorCode::invalidArgument, "A Fourier transform needs a length from 1 to 2^40.");
  }
  const std::vector<std::int64_t> radices = radicesOf(length);
  if (radices.empty() && length > 1) {
    chirp_ = std::make_unique<Chirp>(length);
    return;
  }
  std::int64_t left = length;
  for (const std::int64_t radix : radices) {
    Pass pass{radix, left / radix, {}, {}};
    for (std::int64_t p = 0; p < pass.blocks; ++p) {
      for (std::int64_t k = 1; k < radix; ++k) {
        const Root w = root(p * k, left);
        pass.twiddles.insert(pass.twiddles.end(), {w.re, w.im});
      }
    }
    for (std::int64_t k = 0; k < radix; ++k) {
      const Root w = root(k, radix);
      pass.roots.insert(pass.roots.end(), {w.re, w.im});
    }
    passes_.push_back(std::move(pass));
    left /= radix;
  }
}

FourierTransform::~FourierTransform() = default;
FourierTransform::FourierTransform(FourierTransform&&) noexcept = default;

std::int64_t FourierTransform::scratchSize(std::int64_t batch) const noexcept {
  if (chirp_ == nullptr) return 2 * length_ * batch;
  return 2 * chirp_->inner.length() * batch + chirp_->inner.scratchSize(batch);
}

void FourierTransform::forward(double* re, double* im, std::int64_t batch, double* scratch) const noexcept {
  if (chirp_ != nullptr) {
    const std::int64_t padded = chirp_->inner.length(), size = padded * batch;
    double *wideRe = scratch, *wideIm = scratch + size, *rest = scratch + 2 * size;
    scaleEntries(chirp_->chirp.data(), length_, batch, {re, im}, {wideRe, wideIm});
    std::fill(wideRe + length_ * batch, wideRe + size, 0.0);
    std::fill(wideIm + length_ * batch, wideIm + size, 0.0);
    chirp_->inner.forward(wideRe, wideIm, batch, rest);
    scaleEntries(chirp_->filter.data(), padded, batch, {wideRe, wideIm}, {wideRe, wideIm});
    chirp_->inner.forward(wideIm, wideRe, batch, rest);  // the inverse; its 1/n is in the filter
    scaleEntries(chirp_->chirp.data(), length_, batch, {wideRe, wideIm}, {re, im});
    return;
  }
  OutParts from{re, im}, to{scratch, scratch + length_ * batch};
  std::int64_t stride = batch;
  for (const Pass& pass : passes_) {
    const Geometry geometry{pass.radix, pass.blocks, stride, pass.twiddles.data(), pass.roots.data()};
    const Parts in{from.re, from.im};
    switch (pass.radix) {
      case 2:
        pass2(geometry, in, to);
        break;
      case 3:
        pass3(geometry, in, to);
        break;
      case 4:
        pass4(geometry, in, to);
        break;
      case 5:
        pass5(geometry, in, to);
        break;
      default:
        passOfAny(geometry, in, to);
    }
    std::swap(from, to);
    stride *= pass.radix;
  }
  if (from.re == re) return;
  std::copy_n(from.re, length_ * batch, re);
  std::copy_n(from.im, length_ * batch, im);
}

}  // namespace lowrank
