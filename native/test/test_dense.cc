// The dense operator: every pass against an explicit loop in long double, packed against full against single precision,
// and the same bits for any number of threads.
#include <cmath>
#include <cstring>
#include <vector>

#include "harness.h"
#include "kernels/dense_kernels.h"
#include "matrices.h"
#include "operators/dense.h"

namespace lowrank::test {
namespace {

using Storage = DenseOperator::Storage;

struct Shape {
  std::int64_t m, rows, cols;
  bool symmetric;
};
// Fewer rows than a part, more than one part, tails of every group size, one row, one column, one entry.
const Shape shapes[] = {{1, 1, 1, true},     {1, 1, 1, false},    {5, 1, 7, false},
                        {7, 6, 1, false},    {23, 9, 9, true},    {53, 8, 11, false},
                        {200, 13, 13, true}, {331, 17, 5, false}, {130, 60, 60, true}};

std::vector<double> numbers(std::int64_t count, std::uint64_t first) {
  std::vector<double> out(static_cast<std::size_t>(count));
  normals(99, Purpose::test, first, count, out.data());
  return out;
}

// An operator filled from explicit matrices, and those matrices in the precision and symmetry it keeps.
struct Filled {
  Filled(const Shape& shape, Storage storage) : op(shape.m, shape.rows, shape.cols, shape.symmetric, storage) {
    const auto values = numbers(shape.m * shape.rows * shape.cols, 1000);
    CHECK_EQUAL(op.fill(0, values.data(), shape.m), -1);
    for (std::int64_t i = 0; i < shape.m; ++i) {
      matrices.emplace_back(shape.rows, shape.cols);
      op.readMatrix(i, matrices.back().data.data());
      for (std::int64_t p = 0; p < shape.rows; ++p) {
        for (std::int64_t q = 0; q < shape.cols; ++q) {
          const double* a = values.data() + i * shape.rows * shape.cols;
          const double own = a[p * shape.cols + q];
          const double wanted = shape.symmetric ? 0.5 * (own + a[q * shape.cols + p]) : own;
          const double unit = storage == Storage::float64 ? 1e-15 : 1.3e-7;
          CHECK_NEAR(matrices.back()(p, q), wanted, unit * (std::abs(own) + std::abs(wanted) + 1));
        }
      }
    }
  }
  DenseOperator op;
  std::vector<Dense> matrices;
};

long double explicitInner(const Dense& a, const Dense& left, const Dense& right, long double* magnitude) {
  long double sum = 0;
  *magnitude = 0;
  for (std::int64_t p = 0; p < a.rows; ++p) {
    for (std::int64_t q = 0; q < a.cols; ++q) {
      long double x = 0, absolute = 0;
      for (std::int64_t j = 0; j < left.cols; ++j) {
        x += static_cast<long double>(left(p, j)) * right(q, j);
        absolute += std::abs(static_cast<long double>(left(p, j)) * right(q, j));
      }
      sum += a(p, q) * x;
      *magnitude += std::abs(a(p, q)) * absolute;
    }
  }
  return sum;
}

// Rounding of a sum of n products of exact numbers: n eps sum |products| (Higham, Accuracy and Stability, 3.1).
double bound(std::int64_t terms, long double magnitude) {
  return static_cast<double>(terms + 8) * 2.3e-16 * static_cast<double>(magnitude) + 1e-300;
}

void checkPasses(const Shape& shape, Storage storage) {
  const Filled filled(shape, storage);
  const DenseOperator& op = filled.op;
  const std::int64_t k = 3, size = shape.rows * shape.cols;
  Dense left = gaussian(shape.rows, k, 5),
        right = shape.symmetric ? gaussian(shape.rows, k, 5) : gaussian(shape.cols, k, 6);
  Dense other = gaussian(shape.cols, k, 7);
  const auto y = numbers(shape.m, 17);
  std::vector<std::uint8_t> heldOut(static_cast<std::size_t>(shape.m), 0);
  for (std::int64_t i = 2; i < shape.m; i += 3) heldOut[static_cast<std::size_t>(i)] = 1;
  Team team(2);
  const auto scratch = op.workspace();
  std::vector<double> measured(y.size()), second(y.size()), residual(y.size());

  const FactorPair x{left, right}, general{left, other};
  CHECK(op.measurePair(x, general, measured.data(), second.data(), *scratch, team));
  CHECK(op.residualAndImage(x, y.data(), heldOut.data(), residual.data(), *scratch, team));
  std::vector<double> alone(y.size());
  Dense image(shape.rows, shape.cols), wanted(shape.rows, shape.cols);
  scratch->image().toDense(image);
  std::vector<long double> weight(static_cast<std::size_t>(size), 0);
  for (std::int64_t i = 0; i < shape.m; ++i) {
    const auto index = static_cast<std::size_t>(i);
    long double magnitude = 0;
    const long double exact = explicitInner(filled.matrices[index], left, right, &magnitude);
    CHECK_NEAR(measured[index], static_cast<double>(exact), bound(size + k, magnitude));
    CHECK_NEAR(residual[index], static_cast<double>(exact - y[index]), bound(size + k, magnitude + std::abs(y[index])));
    const long double crossed = explicitInner(filled.matrices[index], left, other, &magnitude);
    CHECK_NEAR(second[index], static_cast<double>(crossed), bound(size + k, magnitude));
    if (heldOut[index] != 0) continue;
    for (std::int64_t j = 0; j < size; ++j) {
      const double term = residual[index] * filled.matrices[index].data[static_cast<std::size_t>(j)];
      wanted.data[static_cast<std::size_t>(j)] += term;
      weight[static_cast<std::size_t>(j)] += std::abs(term);
    }
  }
  for (std::size_t j = 0; j < image.data.size(); ++j) {
    CHECK_NEAR(image.data[j], wanted.data[j], bound(2 * shape.m, weight[j]));
  }

  // The separate passes give the fused pass to the bit: same lanes, same order.
  CHECK(op.measure(x, alone.data(), *scratch, team));
  for (std::size_t i = 0; i < alone.size(); ++i) CHECK_EQUAL(alone[i] - y[i], residual[i]);
  CHECK(op.adjoint(residual.data(), heldOut.data(), *scratch, team));
  Dense again(shape.rows, shape.cols);
  scratch->image().toDense(again);
  CHECK(again.data == image.data);

  // Dot test: <A(L R^T), r> = <L, A*(r) R>
  Dense product(shape.rows, k);
  CHECK(op.adjoint(y.data(), nullptr, *scratch, team));
  scratch->image().times(right, product);
  double forward = 0, backward = 0, size1 = 0, size2 = 0;
  for (std::size_t i = 0; i < y.size(); ++i)
    forward += alone[i] * y[i], size1 += alone[i] * alone[i], size2 += y[i] * y[i];
  for (std::size_t i = 0; i < product.data.size(); ++i) backward += product.data[i] * left.data[i];
  CHECK_NEAR(forward, backward, 1e-12 * std::sqrt(size1 * size2));
}

}  // namespace

TEST(densePassesEqualTheExplicitLoop) {
  for (const Shape& shape : shapes) {
    checkPasses(shape, Storage::float64);
    checkPasses(shape, Storage::float32);
  }
}

TEST(denseBitsDoNotDependOnThreads) {
  for (const Storage storage : {Storage::float64, Storage::float32}) {
    DenseOperator op(1111, 23, 23, true, storage);
    Team one(1), three(3);
    op.fillGaussian(4, 0.25, three);
    DenseOperator same(1111, 23, 23, true, storage);
    same.fillGaussian(4, 0.25, one);
    CHECK_EQUAL(op.squaredNorm(), same.squaredNorm());
    CHECK_EQUAL(op.streamRead(one), op.streamRead(three));
    CHECK_EQUAL(op.streamRead(one), same.streamRead(one));
    Dense u = gaussian(23, 4, 1);
    const auto y = numbers(1111, 5);
    std::vector<double> first(y.size()), second(y.size());
    Dense imageOne(23, 23), imageThree(23, 23);
    const auto scratch = op.workspace();
    CHECK(op.residualAndImage({u, u}, y.data(), nullptr, first.data(), *scratch, one));
    scratch->image().toDense(imageOne);
    for (int repeat = 0; repeat < 20; ++repeat) {
      CHECK(op.residualAndImage({u, u}, y.data(), nullptr, second.data(), *scratch, three));
      scratch->image().toDense(imageThree);
      CHECK(first == second);
      CHECK(imageOne.data == imageThree.data);
    }
  }
}

TEST(packedAndFullMeasureASymmetricMatrixAlike) {
  constexpr std::int64_t m = 90, n = 14, k = 3;
  Team team(1);
  DenseOperator packed(m, n, n, true, Storage::float64), full(m, n, n, false, Storage::float64);
  packed.fillGaussian(8, 1, team);
  full.fillGaussian(8, 1, team);
  CHECK(packed.bytes() < 0.55 * static_cast<double>(full.bytes()));
  Dense u = gaussian(n, k, 3);
  std::vector<double> a(m), b(m);
  CHECK(packed.measure({u, u}, a.data(), *packed.workspace(), team));
  CHECK(full.measure({u, u}, b.data(), *full.workspace(), team));
  // Both round sums of n^2 terms of size |A_ij| (U U^T)_ij; ||A_i||_F ||U U^T||_F bounds the sum of their moduli.
  const double magnitude = 3 * n * squaredNorm(u);
  for (std::size_t i = 0; i < a.size(); ++i) CHECK_NEAR(a[i], b[i], (n * n + k) * 2.3e-16 * magnitude);
  // ||A_i||_F of the symmetric part never exceeds that of the matrix.
  CHECK(packed.squaredNorm() < full.squaredNorm());
  double exact = 0;
  Dense matrix(n, n);
  for (std::int64_t i = 0; i < m; ++i) {
    packed.readMatrix(i, matrix.data.data());
    exact += squaredNorm(matrix);
  }
  CHECK_NEAR(packed.squaredNorm(), exact, 1e-12 * exact);
}

TEST(singlePrecisionStorageStaysWithinItsRounding) {
  constexpr std::int64_t m = 60, n1 = 12, n2 = 9, k = 2;
  Team team(1);
  DenseOperator exact(m, n1, n2, false, Storage::float64), rounded(m, n1, n2, false, Storage::float32);
  exact.fillGaussian(8, 1, team);
  rounded.fillGaussian(8, 1, team);
  CHECK_EQUAL(2 * rounded.bytes(), exact.bytes());
  Dense left = gaussian(n1, k, 3), right = gaussian(n2, k, 4);
  std::vector<double> a(m), b(m);
  CHECK(exact.measure({left, right}, a.data(), *exact.workspace(), team));
  CHECK(rounded.measure({left, right}, b.data(), *rounded.workspace(), team));
  Dense matrix(n1, n2);
  bool differs = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    exact.readMatrix(static_cast<std::int64_t>(i), matrix.data.data());
    long double magnitude = 0;
    explicitInner(matrix, left, right, &magnitude);
    CHECK_NEAR(a[i], b[i], 6.0e-8 * static_cast<double>(magnitude));  // half a unit of single precision per entry
    differs = differs || a[i] != b[i];
  }
  CHECK(differs);
}

TEST(denseRefusesWhatIsNotFiniteAndSaysWhere) {
  constexpr std::int64_t n = 4;
  for (const Storage storage : {Storage::float64, Storage::float32}) {
    for (const bool symmetric : {true, false}) {
      DenseOperator op(3, n, n, symmetric, storage);
      auto values = numbers(2 * n * n, 0);
      for (const std::int64_t place : {std::int64_t{0}, std::int64_t{7}, std::int64_t{2 * n * n - 1}}) {
        for (const double bad : {NAN, INFINITY, -INFINITY}) {
          auto spoiled = values;
          spoiled[static_cast<std::size_t>(place)] = bad;
          CHECK_EQUAL(op.fill(0, spoiled.data(), 2), place);
        }
      }
      values[9] = 1e300;  // finite, but not in single precision
      CHECK_EQUAL(op.fill(0, values.data(), 2), storage == Storage::float32 ? 9 : -1);
    }
  }
  CHECK_THROWS(ErrorCode::invalidArgument, DenseOperator(0, 3, 3, false, Storage::float64));
  CHECK_THROWS(ErrorCode::invalidArgument, DenseOperator(1, 3, 4, true, Storage::float64));
  CHECK_THROWS(ErrorCode::tooLarge, DenseOperator(std::int64_t{1} << 40, std::int64_t{1} << 20, std::int64_t{1} << 20,
                                                  false, Storage::float64));
}

TEST(cancelledPassesEndAndSaySo) {
  CancelFlag cancel;
  Team team(2, &cancel);
  DenseOperator op(400, 10, 10, true, Storage::float64);
  op.fillGaussian(1, 1, team);
  Dense u = gaussian(10, 2, 1);
  std::vector<double> out(400), y(400, 0.0);
  const auto scratch = op.workspace();
  CHECK(op.measure({u, u}, out.data(), *scratch, team));
  cancel.raise();
  CHECK(!op.measure({u, u}, out.data(), *scratch, team));
  CHECK(!op.residualAndImage({u, u}, y.data(), nullptr, out.data(), *scratch, team));
  CHECK(!op.adjoint(y.data(), nullptr, *scratch, team));
}

TEST(failedAllocationsLeaveNothingBehind) {
  const std::int64_t before = allocatedBytes();
  for (std::int64_t k = 0; k < 8; ++k) {
    failAllocation(k);
    try {
      DenseOperator op(50, 6, 6, true, Storage::float64);
      const auto scratch = op.workspace();
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::memory);
    }
    failAllocation(-1);
    CHECK_EQUAL(allocatedBytes(), before);
  }
}

}  // namespace lowrank::test
