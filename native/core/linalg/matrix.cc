#include "matrix.h"

#include <algorithm>
#include <string>

#include "../error.h"
#include "checks.h"
#include "tiles.h"

namespace lowrank {
namespace {

std::string shape(std::int64_t rows, std::int64_t cols) { return std::to_string(rows) + " x " + std::to_string(cols); }

void requireSameShape(const char* what, ConstMatrix a, ConstMatrix b) {
  if (a.rows == b.rows && a.cols == b.cols) return;
  throw Error(ErrorCode::invalidArgument,
              std::string(what) + ": shapes differ, " + shape(a.rows, a.cols) + " and " + shape(b.rows, b.cols));
}

// A sum of at most `block` products over 16 lanes: enough for the adds to overlap, vectorized without leave to reorder.
constexpr std::int64_t lanes = 16;
constexpr std::int64_t block = 2048;

double blockProduct(const double* a, const double* b, std::int64_t count) noexcept {
  double sums[lanes] = {};
  const std::int64_t whole = count - count % lanes;
  for (std::int64_t i = 0; i < whole; i += lanes) {
    for (std::int64_t lane = 0; lane < lanes; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  for (std::int64_t i = whole; i < count; ++i) sums[i - whole] += a[i] * b[i];
  for (std::int64_t width = lanes / 2; width > 0; width /= 2) {
    for (std::int64_t lane = 0; lane < width; ++lane) sums[lane] += sums[lane + width];
  }
  return sums[0];
}

}  // namespace

void multiply(double alpha, ConstMatrix a, Transpose transposeA, ConstMatrix b, Transpose transposeB, double beta,
              Matrix c) {
  const std::int64_t rows = transposeA == Transpose::no ? a.rows : a.cols;
  const std::int64_t inner = transposeA == Transpose::no ? a.cols : a.rows;
  const std::int64_t innerB = transposeB == Transpose::no ? b.rows : b.cols;
  const std::int64_t cols = transposeB == Transpose::no ? b.cols : b.rows;
  if (inner != innerB || c.rows != rows || c.cols != cols) {
    throw Error(ErrorCode::invalidArgument, "multiply: " + shape(rows, inner) + " times " + shape(innerB, cols) +
                                                " does not give " + shape(c.rows, c.cols));
  }
  const blas_int m = detail::toBlasInt(cols, "columns of a product"), n = detail::toBlasInt(rows, "rows of a product"),
                 k = detail::toBlasInt(inner, "inner dimension of a product");
  const blas_int lda = std::max<blas_int>(1, detail::toBlasInt(b.cols, "columns of a factor")),
                 ldb = std::max<blas_int>(1, detail::toBlasInt(a.cols, "columns of a factor")),
                 ldc = std::max<blas_int>(1, m);
  if (m == 0 || n == 0) return;
  // A row-major matrix is its transpose to BLAS: C^T = op(B)^T op(A)^T, with the factors swapped and nothing copied.
  const char* ta = transposeB == Transpose::no ? "N" : "T";
  const char* tb = transposeA == Transpose::no ? "N" : "T";
  dgemm_(ta, tb, &m, &n, &k, &alpha, b.data, &lda, a.data, &ldb, &beta, c.data, &ldc, 1, 1);
  detail::throwOnComplaint();
}

void multiplyVector(double alpha, ConstMatrix a, Transpose transposeA, const double* x, double beta, double* y) {
  const blas_int rows = detail::toBlasInt(a.rows, "rows of a matrix"),
                 cols = detail::toBlasInt(a.cols, "columns of a matrix"), one = 1;
  if (rows == 0 || cols == 0) return;
  // To BLAS the row-major matrix is its transpose.
  const char* transpose = transposeA == Transpose::no ? "T" : "N";
  dgemv_(transpose, &cols, &rows, &alpha, a.data, &cols, x, &one, &beta, y, &one, 1);
  detail::throwOnComplaint();
}

void selfProduct(ConstMatrix u, Matrix c) {
  if (c.rows != u.rows || c.cols != u.rows) {
    throw Error(ErrorCode::invalidArgument,
                "selfProduct: a factor of " + shape(u.rows, u.cols) + " does not give " + shape(c.rows, c.cols));
  }
  const blas_int n = detail::toBlasInt(u.rows, "rows of a factor"),
                 k = detail::toBlasInt(u.cols, "columns of a factor");
  if (n == 0) return;
  const blas_int lda = std::max<blas_int>(1, k);
  const double one = 1, zero = 0;
  // BLAS sees U^T (k x n) and forms (U^T)^T U^T; its upper triangle is our lower one.
  dsyrk_("U", "T", &n, &k, &one, u.data, &lda, &zero, c.data, &n, 1, 1);
  detail::throwOnComplaint();
  double* data = c.data;
  const std::int64_t size = n;
  detail::forLowerTriangle(size, [=](std::int64_t i, std::int64_t j) { data[j * size + i] = data[i * size + j]; });
}

double innerProduct(ConstMatrix a, ConstMatrix b) {
  requireSameShape("innerProduct", a, b);
  const std::int64_t count = a.size();
  double sum = 0;
  for (std::int64_t i = 0; i < count; i += block) {
    sum += blockProduct(a.data + i, b.data + i, std::min(block, count - i));
  }
  return sum;
}

double squaredNorm(ConstMatrix a) { return innerProduct(a, a); }

void addScaled(double alpha, ConstMatrix a, Matrix b) {
  requireSameShape("addScaled", a, b);
  const std::int64_t count = a.size();
  for (std::int64_t i = 0; i < count; ++i) b.data[i] += alpha * a.data[i];
}

void symmetrize(Matrix a) {
  if (a.rows != a.cols) {
    throw Error(ErrorCode::invalidArgument, "symmetrize: not square, " + shape(a.rows, a.cols));
  }
  double* data = a.data;
  const std::int64_t n = a.rows;
  // Halved first: the sum of two large numbers may overflow although their mean does not.
  detail::forLowerTriangle(n, [=](std::int64_t i, std::int64_t j) {
    const double mean = 0.5 * data[i * n + j] + 0.5 * data[j * n + i];
    data[i * n + j] = mean;
    data[j * n + i] = mean;
  });
}

}  // namespace lowrank
