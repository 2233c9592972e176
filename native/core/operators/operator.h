// What a solver may know of a measurement operator: the linear map A from matrices to R^m, y_i = <A_i, X>.
// A new operator is one new file that implements these two classes and one line in operators/operators.h.
#pragma once

#include <cstdint>
#include <memory>

#include "../linalg/matrix.h"
#include "../runtime/team.h"

namespace lowrank {

// Z = A*(r) = sum_i r_i A_i, a rows x cols object that may be dense, sparse or implicit.
class AdjointImage {
 public:
  virtual ~AdjointImage() = default;
  virtual void times(ConstMatrix v, Matrix out) const = 0;           // out (rows x k) = Z v,   v is cols x k
  virtual void transposeTimes(ConstMatrix u, Matrix out) const = 0;  // out (cols x k) = Z^T u, u is rows x k
  virtual void toDense(Matrix out) const = 0;                        // out (rows x cols) = Z
};

// Scratch of one run: the operator itself is immutable and may serve many runs at once.
class OperatorWorkspace {
 public:
  virtual ~OperatorWorkspace() = default;
  virtual const AdjointImage& image() const = 0;  // of the latest pass that made one
  virtual std::int64_t bytes() const = 0;
};

// The factors of one point, X = L R^T with L rows x k and R cols x k. In the symmetric model both views are U.
struct FactorPair {
  ConstMatrix left;
  ConstMatrix right;
};

// Every pass returns false when the team was cancelled in the middle; outputs are then unspecified.
class MeasurementOperator {
 public:
  virtual ~MeasurementOperator() = default;

  virtual const char* name() const noexcept = 0;
  virtual std::int64_t rows() const noexcept = 0;
  virtual std::int64_t cols() const noexcept = 0;
  virtual std::int64_t measurements() const noexcept = 0;
  // True when every A_i is symmetric (then A(X) = A(X^T) and the image is symmetric).
  virtual bool symmetric() const noexcept = 0;
  // Bytes kept in memory, and bytes of it that one pass must read: the roofline of a memory-bound iteration.
  virtual std::int64_t bytes() const noexcept = 0;
  virtual std::int64_t bytesPerPass() const noexcept = 0;
  // sum_i ||A_i||_F^2; divided by rows * cols it is the mean of ||A(X)||^2 over unit X, the scale of A*A.
  virtual double squaredNorm() const noexcept = 0;

  virtual std::unique_ptr<OperatorWorkspace> workspace() const = 0;

  // out (m) = A(L R^T)
  virtual bool measure(FactorPair x, double* out, OperatorWorkspace& workspace, Team& team) const = 0;

  // Two measurements in one pass over the data: what an exact line search needs.
  virtual bool measurePair(FactorPair first, FactorPair second, double* firstOut, double* secondOut,
                           OperatorWorkspace& workspace, Team& team) const = 0;

  // The fused pass: residual_i = <A_i, L R^T> - y_i for every i, and the image of the residual over the rows with
  // heldOut[i] == 0 (heldOut may be null: all rows). The data are read from memory once.
  virtual bool residualAndImage(FactorPair x, const double* y, const std::uint8_t* heldOut, double* residual,
                                OperatorWorkspace& workspace, Team& team) const = 0;

  // Image of a given residual over the rows with heldOut[i] == 0.
  virtual bool adjoint(const double* residual, const std::uint8_t* heldOut, OperatorWorkspace& workspace,
                       Team& team) const = 0;
};

}  // namespace lowrank
