// Dense measurement operator: every A_i is stored. Symmetric operators keep the packed upper triangle of the symmetric
// part with off-diagonal entries doubled (half the bytes), in single or double precision; arithmetic is in double.
#pragma once

#include <memory>

#include "../runtime/memory.h"
#include "operator.h"

namespace lowrank {

class DenseOperator final : public MeasurementOperator {
 public:
  enum class Storage { float64, float32 };

  // All matrices are zero until filled. symmetric requires rows == cols. Throws Error(invalidArgument | memory).
  DenseOperator(std::int64_t measurements, std::int64_t rows, std::int64_t cols, bool symmetric, Storage storage);

  Storage storage() const noexcept { return storage_; }
  std::int64_t storedPerMatrix() const noexcept { return stored_; }  // n1 n2, or n (n + 1) / 2

  // Copies `matrices` measurement matrices (rows x cols each, row-major) to positions firstRow, firstRow + 1, ...
  // Returns -1, or the index in `values` of the first number that is not finite in the storage precision.
  std::int64_t fill(std::int64_t firstRow, const double* values, std::int64_t matrices);
  std::int64_t fill(std::int64_t firstRow, const float* values, std::int64_t matrices);

  // A_i = scale * G_i with G_i of standard normals, entry (i, j, k) number (i rows + j) cols + k of stream (seed,
  // measurements); symmetric: the symmetric part of that matrix, so that both storages measure a symmetric X alike.
  void fillGaussian(std::uint64_t seed, double scale, Team& team);

  // A_i unpacked to rows x cols.
  void readMatrix(std::int64_t index, double* out) const;

  // Sum of everything stored; reads the store once with all threads of the team.
  double streamRead(Team& team) const;

  const char* name() const noexcept override { return "dense"; }
  std::int64_t rows() const noexcept override { return rows_; }
  std::int64_t cols() const noexcept override { return cols_; }
  std::int64_t measurements() const noexcept override { return measurements_; }
  bool symmetric() const noexcept override { return symmetric_; }
  std::int64_t bytes() const noexcept override { return doubles_.bytes() + floats_.bytes(); }
  std::int64_t bytesPerPass() const noexcept override { return bytes(); }
  double squaredNorm() const noexcept override;

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
  template <class T, class Function>
  bool forBlocks(const T* store, Team& team, const Function& function) const;
  template <class Function>
  bool dispatch(Team& team, const Function& function) const;
  template <class From, class To>
  std::int64_t fillRows(To* store, std::int64_t firstRow, const From* values, std::int64_t matrices);
  template <class From, class To>
  bool storeMatrix(To* row, const From* matrix, double* squaredNorm) const;
  void formVector(FactorPair x, Workspace& workspace, double* vector) const;
  double* partialImage(Workspace& workspace, std::int64_t row, std::int64_t part) const;
  void finishImage(Workspace& workspace, Team& team) const;

  std::int64_t measurements_, rows_, cols_, stored_, stride_;
  bool symmetric_;
  Storage storage_;
  std::int64_t parts_;  // fixed by the shape alone: the partition of rows that every pass sums over
  AlignedBuffer<double> doubles_;
  AlignedBuffer<float> floats_;
  AlignedBuffer<double> rowSquaredNorms_;
};

}  // namespace lowrank
