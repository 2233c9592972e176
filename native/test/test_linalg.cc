// The factorizations behind lapack.h: residual ratios, degenerate and hostile input, fallbacks, sizes, allocations.
#include <cmath>
#include <cstdlib>
#include <limits>
#include <thread>
#include <vector>

#include "harness.h"
#include "linalg/blas.h"
#include "linalg/checks.h"
#include "linalg/lapack.h"
#include "matrices.h"

namespace lowrank::test {
namespace {

constexpr double passRatio = 30;
constexpr std::int64_t sizes[] = {0, 1, 2, 3, 5, 10, 50, 120};
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double hostile[] = {infinity, -infinity, std::numeric_limits<double>::quiet_NaN()};

struct Shape {
  std::int64_t rows, cols;
};

// Small sizes are where branches live: many seeds there, one for large sizes.
int seedsFor(std::int64_t size) { return size <= 10 ? 10 : 1; }

struct ForcedFailure {
  explicit ForcedFailure(int drivers) { detail::failDrivers(drivers); }
  ~ForcedFailure() { detail::failDrivers(0); }
};

void checkFalling(const std::vector<double>& values) {
  for (std::size_t i = 1; i < values.size(); ++i) CHECK(values[i - 1] >= values[i]);
}

std::int64_t checkSvd(const Dense& a) {
  const std::int64_t t = std::min(a.rows, a.cols);
  Dense u(a.rows, t), vt(t, a.cols);
  std::vector<double> s(static_cast<std::size_t>(t));
  SingularValueDecomposition svd(a.rows, a.cols);
  svd.compute(a, u, s.data(), vt);
  CHECK_BELOW(differenceRatio(a, exactProduct(u, s.data(), vt)), passRatio);
  CHECK_BELOW(orthogonalityRatio(u), passRatio);
  CHECK_BELOW(orthogonalityRatio(transposed(vt)), passRatio);
  checkFalling(s);
  if (t > 0) CHECK(s.back() >= 0);
  return svd.fallbacks();
}

std::int64_t checkEigen(const Dense& a) {
  const std::int64_t n = a.rows;
  Dense upper = a, vectors(n, n);
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < i; ++j) upper(i, j) = std::numeric_limits<double>::quiet_NaN();  // must not be read
  }
  std::vector<double> values(static_cast<std::size_t>(n));
  SymmetricEigen eigen(n);
  eigen.compute(upper, values.data(), vectors);
  CHECK_BELOW(differenceRatio(a, exactProduct(vectors, values.data(), transposed(vectors))), passRatio);
  CHECK_BELOW(orthogonalityRatio(vectors), passRatio);
  checkFalling(values);
  eigen.compute(upper, values.data(), upper);  // in place
  CHECK(upper.data == vectors.data);
  return eigen.fallbacks();
}

void checkQr(const Dense& a) {
  Dense q(a.rows, a.cols), r(a.cols, a.cols), inPlace = a;
  QrDecomposition qr(a.rows, a.cols);
  qr.compute(a, q, r);
  CHECK_BELOW(differenceRatio(a, exactProduct(q, nullptr, r)), passRatio);
  CHECK_BELOW(orthogonalityRatio(q), passRatio);
  for (std::int64_t i = 0; i < a.cols; ++i) {
    CHECK(r(i, i) >= 0);
    for (std::int64_t j = 0; j < i; ++j) CHECK_EQUAL(r(i, j), 0.0);
  }
  qr.compute(inPlace, inPlace, r);
  CHECK(inPlace.data == q.data);
}

// Every driver over one square matrix.
void expectRefusedEverywhere(const Dense& a) {
  const std::int64_t n = a.rows;
  Dense left(n, n), right(n, n);
  std::vector<double> values(static_cast<std::size_t>(n));
  CHECK_THROWS(ErrorCode::nonFinite, SingularValueDecomposition(n, n).compute(a, left, values.data(), right));
  CHECK_THROWS(ErrorCode::nonFinite, SymmetricEigen(n).compute(a, values.data(), left));
  CHECK_THROWS(ErrorCode::nonFinite, QrDecomposition(n, n).compute(a, left, right));
}

TEST(svdResiduals) {
  for (const std::int64_t rows : sizes) {
    for (const std::int64_t cols : sizes) {
      for (const Kind kind : allKinds) {
        for (int seed = 0; seed < seedsFor(std::max(rows, cols)); ++seed) {
          CHECK_EQUAL(checkSvd(make(kind, rows, cols, static_cast<std::uint64_t>(2 * seed))), 0);
        }
      }
    }
  }
}

TEST(eigenResiduals) {
  for (const std::int64_t n : sizes) {
    for (const Kind kind : allKinds) {
      for (int seed = 0; seed < 4 * seedsFor(n); ++seed) {
        Dense a = make(kind, n, n, static_cast<std::uint64_t>(2 * seed), true);
        symmetrize(a);
        CHECK_EQUAL(checkEigen(a), 0);
      }
    }
  }
}

TEST(qrResiduals) {
  for (const std::int64_t rows : sizes) {
    for (const std::int64_t cols : sizes) {
      if (rows < cols) continue;
      for (const Kind kind : allKinds) {
        for (int seed = 0; seed < seedsFor(rows); ++seed) {
          checkQr(make(kind, rows, cols, static_cast<std::uint64_t>(2 * seed)));
        }
      }
    }
  }
}

TEST(svdFindsThePrescribedSpectrum) {
  const std::vector<double> wanted = {1e3, 7, 7, 1, 1e-3};
  const Dense a = withSpectrum(40, 5, wanted, 3, false);
  Dense u(40, 5), vt(5, 5);
  std::vector<double> s(5);
  SingularValueDecomposition(40, 5).compute(a, u, s.data(), vt);
  for (std::size_t i = 0; i < 5; ++i) CHECK_NEAR(s[i], wanted[i], 1e-12 * wanted[0]);
}

TEST(scalingByAPowerOfTwoOnlyScalesTheAnswer) {
  const Dense a = gaussian(12, 7, 5);
  Dense b = a, u(12, 7), vt(7, 7), u2(12, 7), vt2(7, 7);
  scaleBy(b, 0x1p-900);
  std::vector<double> s(7), s2(7);
  SingularValueDecomposition svd(12, 7);
  svd.compute(a, u, s.data(), vt);
  svd.compute(b, u2, s2.data(), vt2);
  for (std::size_t i = 0; i < 7; ++i) CHECK_NEAR(s2[i] * 0x1p900, s[i], 1e-14 * s[0]);
}

TEST(nonFiniteInputIsRefused) {
  for (const std::int64_t n : {1, 2, 3, 4, 40}) {
    for (const double bad : hostile) {
      for (const std::int64_t place : {std::int64_t{0}, n * n / 2 - (n % 2 ? 0 : n / 2), n * n - 1}) {
        Dense a = gaussian(n, n, 1);
        symmetrize(a);
        a(place / n, place % n) = bad;
        a(place % n, place / n) = bad;
        expectRefusedEverywhere(a);
      }
      Dense all(n, n);
      std::fill(all.data.begin(), all.data.end(), bad);
      expectRefusedEverywhere(all);
    }
  }
}

TEST(nonFiniteInputOfOtherShapesIsRefused) {
  for (const double bad : hostile) {
    for (const Shape shape : {Shape{40, 3}, Shape{3, 40}}) {
      const std::int64_t rows = shape.rows, cols = shape.cols;
      for (const std::int64_t place : {std::int64_t{0}, rows * cols / 2, rows * cols - 1}) {
        Dense a = gaussian(rows, cols, 1), u(rows, 3), vt(3, cols), r(3, 3), q(40, 3);
        a.data[static_cast<std::size_t>(place)] = bad;
        std::vector<double> s(3);
        CHECK_THROWS(ErrorCode::nonFinite, SingularValueDecomposition(rows, cols).compute(a, u, s.data(), vt));
        if (rows > cols) CHECK_THROWS(ErrorCode::nonFinite, QrDecomposition(rows, cols).compute(a, q, r));
      }
    }
  }
}

TEST(anAnswerBeyondTheDoublesIsAnError) {
  Dense a(3, 3), u(3, 3), vt(3, 3);
  std::fill(a.data.begin(), a.data.end(), 1.7e308);  // the norm is three times the largest double
  std::vector<double> s(3);
  CHECK_THROWS(ErrorCode::numerical, SingularValueDecomposition(3, 3).compute(a, u, s.data(), vt));
  CHECK_THROWS(ErrorCode::numerical, SymmetricEigen(3).compute(a, s.data(), u));
  CHECK_THROWS(ErrorCode::numerical, QrDecomposition(3, 3).compute(a, u, vt));
}

TEST(firstDriverFails) {
  const ForcedFailure forced(1);
  for (const Kind kind : allKinds) {
    CHECK_EQUAL(checkSvd(make(kind, 20, 9, 2)), 1);
    CHECK_EQUAL(checkSvd(make(kind, 9, 20, 2)), 1);
    Dense a = make(kind, 15, 15, 2, true);
    symmetrize(a);
    CHECK_EQUAL(checkEigen(a), 2);  // computes twice
  }
}

TEST(bothDriversFail) {
  const ForcedFailure forced(2);
  const Dense a = gaussian(5, 5, 1);
  Dense left(5, 5), right(5, 5);
  std::vector<double> values(5);
  SingularValueDecomposition svd(5, 5);
  SymmetricEigen eigen(5);
  CHECK_THROWS(ErrorCode::numerical, svd.compute(a, left, values.data(), right));
  CHECK_THROWS(ErrorCode::numerical, eigen.compute(a, values.data(), left));
  CHECK_EQUAL(svd.fallbacks(), 1);
  CHECK_EQUAL(eigen.fallbacks(), 1);
  detail::failDrivers(0);
  svd.compute(a, left, values.data(), right);  // and both recover
  eigen.compute(a, values.data(), left);
  CHECK_EQUAL(svd.fallbacks(), 1);
}

TEST(sizesThatDoNotFitAreRefusedWithoutAllocation) {
  const std::int64_t before = allocationCount(), edge = std::int64_t{1} << 31, far = std::int64_t{1} << 53;
  for (const std::int64_t big : {edge, 2 * edge, far, std::numeric_limits<std::int64_t>::max()}) {
    CHECK_THROWS(ErrorCode::tooLarge, SingularValueDecomposition(big, 1));
    CHECK_THROWS(ErrorCode::tooLarge, SingularValueDecomposition(1, big));
    CHECK_THROWS(ErrorCode::tooLarge, SingularValueDecomposition(big, big));
    CHECK_THROWS(ErrorCode::tooLarge, SymmetricEigen(big));
    CHECK_THROWS(ErrorCode::tooLarge, QrDecomposition(big, 1));
  }
  CHECK_THROWS(ErrorCode::tooLarge, SingularValueDecomposition(edge - 1, 1));   // workspace 3 + 2^31 - 1
  CHECK_THROWS(ErrorCode::tooLarge, SingularValueDecomposition(50000, 50000));  // entries
  CHECK_THROWS(ErrorCode::tooLarge, SingularValueDecomposition(46000, 46000));  // workspace 4 n^2
  CHECK_THROWS(ErrorCode::tooLarge, SymmetricEigen(40000));                     // workspace 2 n^2
  CHECK_THROWS(ErrorCode::tooLarge, QrDecomposition(50000, 50000));
  CHECK_THROWS(ErrorCode::invalidArgument, SingularValueDecomposition(-1, 3));
  CHECK_THROWS(ErrorCode::invalidArgument, SymmetricEigen(std::numeric_limits<std::int64_t>::min()));
  CHECK_THROWS(ErrorCode::invalidArgument, QrDecomposition(3, 4));
  CHECK_EQUAL(allocationCount(), before);
}

TEST(workspaceAnswersAreChecked) {
  CHECK_EQUAL(detail::checkedWorkspace(10, 20), 20);
  CHECK_EQUAL(detail::checkedWorkspace(10, 20.5), 21);
  CHECK_EQUAL(detail::checkedWorkspace(10, -2147483648.0), 10);  // a query that overflowed
  CHECK_EQUAL(detail::checkedWorkspace(0, 0), 1);
  CHECK_THROWS(ErrorCode::tooLarge, detail::checkedWorkspace(10, 2147483648.0));
  CHECK_THROWS(ErrorCode::tooLarge, detail::checkedWorkspace(10, std::nan("")));
}

TEST(shapesMustAgree) {
  Dense a(4, 3), square(4, 4), u(4, 3), vt(3, 3), r(3, 3);
  std::vector<double> s(4);
  CHECK_THROWS(ErrorCode::invalidArgument, SingularValueDecomposition(3, 4).compute(a, u, s.data(), vt));
  CHECK_THROWS(ErrorCode::invalidArgument, SingularValueDecomposition(4, 3).compute(a, square, s.data(), vt));
  CHECK_THROWS(ErrorCode::invalidArgument, SymmetricEigen(3).compute(square, s.data(), square));
  CHECK_THROWS(ErrorCode::invalidArgument, QrDecomposition(4, 3).compute(a, u, square));
}

TEST(computeDoesNotAllocate) {
  for (const Shape shape : {Shape{60, 40}, Shape{200, 4}, Shape{4, 200}, Shape{130, 130}}) {
    const std::int64_t rows = shape.rows, cols = shape.cols, t = std::min(rows, cols), n = std::max(rows, cols);
    const Dense a = gaussian(rows, cols, 1), square = gaussian(n, n, 1), tall = gaussian(n, t, 1);
    Dense u(rows, t), vt(t, cols), vectors(n, n), q(n, t), r(t, t), product(rows, rows);
    std::vector<double> s(static_cast<std::size_t>(n));
    SingularValueDecomposition svd(rows, cols);
    SymmetricEigen eigen(n);
    QrDecomposition qr(n, t);
    const std::int64_t heap = heapAllocations(), ours = allocationCount();
    for (int repeat = 0; repeat < 3; ++repeat) {
      for (int failing = 0; failing < 2; ++failing) {
        const ForcedFailure forced(failing);
        svd.compute(a, u, s.data(), vt);
        eigen.compute(square, s.data(), vectors);
      }
      qr.compute(tall, q, r);
      multiply(1, a, Transpose::no, a, Transpose::yes, 0, product);
      selfProduct(a, product);
      symmetrize(product);
      addScaled(innerProduct(a, a), product, product);
    }
    const std::int64_t heapAfter = heapAllocations();
    if (heapCounting()) CHECK_EQUAL(heapAfter, heap);
    CHECK_EQUAL(allocationCount(), ours);
  }
}

TEST(theHeapIsCounted) {
  if (!heapCounting()) return;
  void* volatile kept = nullptr;  // or the compiler would remove the pairs
  std::int64_t before = heapAllocations();
  kept = std::malloc(100);
  kept = std::realloc(kept, 1000);
  std::free(kept);
  kept = std::calloc(3, 8);
  std::free(kept);
  kept = std::aligned_alloc(64, 128);
  CHECK(reinterpret_cast<std::uintptr_t>(kept) % 64 == 0);
  std::free(kept);
  kept = ::operator new(10);
  ::operator delete(kept);
  CHECK_EQUAL(heapAllocations() - before, 5);
  before = heapAllocations();
  const std::thread::id caller = std::this_thread::get_id();
  std::thread([caller] { CHECK(std::this_thread::get_id() != caller); }).join();
  CHECK(heapAllocations() > before);  // other threads and libraries count too
}

TEST(failedAllocationLeavesNothingBehind) {
  const std::int64_t before = allocatedBytes();
  for (std::int64_t k = 0; k < 3; ++k) {
    failAllocation(k);
    CHECK_THROWS(ErrorCode::memory, SingularValueDecomposition(30, 20));
    failAllocation(k + 2);
    CHECK_THROWS(ErrorCode::memory, SingularValueDecomposition(30, 2));
    failAllocation(k);
    CHECK_THROWS(ErrorCode::memory, SymmetricEigen(30));
    failAllocation(k % 2);
    CHECK_THROWS(ErrorCode::memory, QrDecomposition(30, 20));
    failAllocation(-1);
    CHECK_EQUAL(allocatedBytes(), before);
  }
}

TEST(sameBitsOnEveryCall) {
  const Dense a = gaussian(80, 50, 9);
  Dense u(80, 50), vt(50, 50), u2(80, 50), vt2(50, 50);
  std::vector<double> s(50), s2(50);
  SingularValueDecomposition(80, 50).compute(a, u, s.data(), vt);
  std::thread([&] { SingularValueDecomposition(80, 50).compute(a, u2, s2.data(), vt2); }).join();
  CHECK(u.data == u2.data && s == s2 && vt.data == vt2.data);
}

TEST(wrongArgumentsAreRecordedNotPrinted) {
  const blas_int n = 3, wrong = 1, negative = -1;
  const double one = 1;
  double x[9] = {};
  char routine[16];
  detail::takeComplaint();
  dgemm_("N", "N", &n, &n, &n, &one, x, &wrong, x, &n, &one, x, &n, 1, 1);
  std::thread([] { CHECK_EQUAL(detail::takeComplaint(), 0); }).join();  // another thread knows nothing of it
  CHECK_EQUAL(detail::takeComplaint(routine), 8);
  CHECK_EQUAL(std::string(routine), "DGEMM");
  CHECK_EQUAL(detail::takeComplaint(), 0);
  blas_int info = 0;
  dgeqrf_(&negative, &n, x, &n, x, x, &n, &info);
  CHECK_EQUAL(info, -1);
  CHECK_THROWS(ErrorCode::invalidArgument, detail::throwOnComplaint());
  detail::throwOnComplaint();  // taken: silent now
}

TEST(blasSaysWhatItIs) {
  const BlasInfo info = blasInfo();
  CHECK(std::string(info.config).find("OpenBLAS") != std::string::npos);
  CHECK(!std::string(info.coreName).empty());
  limitBlasThreads();
  limitBlasThreads();
  if (!std::getenv("OPENBLAS_NUM_THREADS")) CHECK_EQUAL(blasInfo().threads, 1);
}

}  // namespace
}  // namespace lowrank::test
