// Fourier transforms against the sum that defines them, Parseval's identity, the inverse, roots of unity.
#include <cmath>
#include <cstring>
#include <numbers>

#include "design_checks.h"
#include "designs/fft.h"

namespace lowrank::test {
namespace {

// By the definition, in long double.
std::vector<Complex> direct(const Numbers& re, const Numbers& im, std::int64_t n, std::int64_t batch, std::int64_t b) {
  std::vector<Complex> roots, out;
  for (std::int64_t k = 0; k < n; ++k) {
    const long double angle = -2 * std::numbers::pi_v<long double> * static_cast<long double>(k) / n;
    roots.emplace_back(std::cos(angle), std::sin(angle));
  }
  for (std::int64_t k = 0; k < n; ++k) {
    Complex sum = 0;
    for (std::int64_t j = 0; j < n; ++j) {
      const auto at = static_cast<std::size_t>(j * batch + b);
      sum += roots[static_cast<std::size_t>(j * k % n)] * Complex(re[at], im[at]);
    }
    out.push_back(sum);
  }
  return out;
}

void checkLength(std::int64_t n, std::int64_t batch) {
  const FourierTransform transform(n);
  const Numbers re = normalNumbers(n * batch, 0), im = normalNumbers(n * batch, 70000);
  Numbers outRe = re, outIm = im, scratch(static_cast<std::size_t>(transform.scratchSize(batch)), 7.0);
  transform.forward(outRe.data(), outIm.data(), batch, scratch.data());
  double before = 0, after = 0;
  for (std::size_t i = 0; i < re.size(); ++i) {
    before += re[i] * re[i] + im[i] * im[i];
    after += outRe[i] * outRe[i] + outIm[i] * outIm[i];
  }
  CHECK_NEAR(after / (static_cast<double>(n) * before), 1, 1e-13);
  for (std::int64_t b = 0; b < batch; b += std::max<std::int64_t>(1, batch - 1)) {
    const auto wanted = direct(re, im, n, batch, b);
    long double worst = 0, norm = 0;
    for (std::int64_t k = 0; k < n; ++k) {
      const auto at = static_cast<std::size_t>(k * batch + b);
      worst = std::max(worst, std::abs(wanted[static_cast<std::size_t>(k)] - Complex(outRe[at], outIm[at])));
      norm += std::norm(wanted[static_cast<std::size_t>(k)]);
    }
    // Entries are of size norm / sqrt(n); rounding grows with the logarithm of n.
    CHECK_BELOW(static_cast<double>(worst / std::sqrt(norm / n)), 3e-15 * (4 + std::log2(static_cast<double>(n))));
  }
  transform.forward(outIm.data(), outRe.data(), batch, scratch.data());
  for (std::size_t i = 0; i < re.size(); ++i) {
    CHECK_NEAR(outRe[i] / static_cast<double>(n), re[i], 1e-13);
    CHECK_NEAR(outIm[i] / static_cast<double>(n), im[i], 1e-13);
  }
}

TEST(fourierTransformsAreTheirSums) {
  // Every length to 40: all radices and small primes; then products, powers, primes and twice a prime.
  for (std::int64_t n = 1; n <= 40; ++n) checkLength(n, 1);
  for (const std::int64_t n : {49, 64, 97, 120, 121, 143, 169, 194, 243, 256, 360, 509, 512, 625, 1001}) {
    checkLength(n, 1);
    checkLength(n, 3);
  }
  for (const std::int64_t n : {1, 2, 12, 17, 30, 64}) checkLength(n, 16);
}

TEST(fourierTransformsOfABatchAreThoseOfEach) {
  for (const std::int64_t n : {48, 35, 34}) {
    const FourierTransform transform(n);
    const std::int64_t batch = 5;
    Numbers re = normalNumbers(n * batch, 0), im = normalNumbers(n * batch, 5000);
    Numbers oneRe(static_cast<std::size_t>(n)), oneIm(oneRe);
    Numbers scratch(static_cast<std::size_t>(transform.scratchSize(batch)));
    for (std::size_t j = 0; j < oneRe.size(); ++j) {
      oneRe[j] = re[j * batch + 2];
      oneIm[j] = im[j * batch + 2];
    }
    transform.forward(re.data(), im.data(), batch, scratch.data());
    transform.forward(oneRe.data(), oneIm.data(), 1, scratch.data());
    for (std::size_t j = 0; j < oneRe.size(); ++j) {
      CHECK_EQUAL(re[j * batch + 2], oneRe[j]);
      CHECK_EQUAL(im[j * batch + 2], oneIm[j]);
    }
  }
}

TEST(rootsOfUnity) {
  for (const std::int64_t n : {1, 2, 3, 4, 7, 8, 12, 1000, 65537}) {
    for (std::int64_t k = 0; k < n; k += 1 + n / 97) {
      const auto w = FourierTransform::root(k, n);
      const long double angle = 2 * std::numbers::pi_v<long double> * static_cast<long double>(k) / n;
      CHECK_NEAR(w.re, static_cast<double>(std::cos(angle)), 1.2e-16);
      CHECK_NEAR(w.im, -static_cast<double>(std::sin(angle)), 1.2e-16);
    }
  }
}

TEST(fourierTransformRefusals) {
  CHECK_THROWS(ErrorCode::invalidArgument, FourierTransform(0));
  CHECK_THROWS(ErrorCode::invalidArgument, FourierTransform(std::int64_t{1} << 41));
}

}  // namespace
}  // namespace lowrank::test
