// The population limit, m = infinity: A*A is the identity. Every entry is measured once; on symmetric matrices the
// upper triangle, with off-diagonal entries times sqrt(2), so that ||A(X)|| = ||X||_F there too. Nothing is stored; a
// pass is the product of the factors, O(rows cols rank).
#pragma once

#include <memory>

#include "operator.h"

namespace lowrank {

class IdentityOperator final : public MeasurementOperator {
 public:
  // symmetric requires rows == cols. Throws Error(invalidArgument | tooLarge).
  IdentityOperator(std::int64_t rows, std::int64_t cols, bool symmetric);

  const char* name() const noexcept override { return "identity"; }
  std::int64_t rows() const noexcept override { return rows_; }
  std::int64_t cols() const noexcept override { return cols_; }
  std::int64_t measurements() const noexcept override { return measurements_; }
  bool symmetric() const noexcept override { return symmetric_; }
  std::int64_t bytes() const noexcept override { return 0; }
  std::int64_t bytesPerPass() const noexcept override { return 0; }
  // Every A_i has unit norm.
  double squaredNorm() const noexcept override { return static_cast<double>(measurements_); }

  std::unique_ptr<OperatorWorkspace> workspace() const override;
  bool measure(FactorPair x, double* out, OperatorWorkspace& workspace, Team& team) const override;
  bool measurePair(FactorPair first, FactorPair second, double* firstOut, double* secondOut,
                   OperatorWorkspace& workspace, Team& team) const override;
  bool residualAndImage(FactorPair x, const double* y, const std::uint8_t* heldOut, double* residual,
                        OperatorWorkspace& workspace, Team& team) const override;
  bool adjoint(const double* residual, const std::uint8_t* heldOut, OperatorWorkspace& workspace,
               Team& team) const override;

 private:
  class Workspace;
  bool formProduct(FactorPair x, Matrix product, Team& team) const;

  std::int64_t rows_, cols_, measurements_;
  bool symmetric_;
};

}  // namespace lowrank
