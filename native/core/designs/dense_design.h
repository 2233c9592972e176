// The dense design: every row x_i is stored in double precision. A complex row is stored as two rows of the store, its
// real and its imaginary parts, so that every pass is the same real kernels in both fields:
//
//   r = <re, a> - <im, b> + i (<im, a> + <re, b>)   for theta = a + i b
//   X^H g = sum_i (g_re re + g_im im) + i (g_im re - g_re im)
#pragma once

#include <memory>

#include "../runtime/memory.h"
#include "design.h"

namespace lowrank {

class DenseDesign final : public Design {
 public:
  // All entries are zero until filled. Throws Error(invalidArgument | tooLarge | memory).
  DenseDesign(std::int64_t measurements, std::int64_t dimension, Field field);

  // Copies `rows` rows (n numbers each; complex ones interleaved: re, im, re, im, ...) to rows firstRow, ...
  // Returns -1, or the index in `values` of the first number that is not finite; rows before it have been copied.
  std::int64_t fill(std::int64_t firstRow, const double* values, std::int64_t rows);
  std::int64_t fill(std::int64_t firstRow, const float* values, std::int64_t rows);

  // Entries N(0, 1), or CN(0, 1): real and imaginary part of variance 1/2 each. Entry (i, j) is number i n + j of
  // stream (seed, measurements), complex: numbers 2 (i n + j) and 2 (i n + j) + 1, each times sqrt(1/2).
  void fillGaussian(std::uint64_t seed, Team& team);

  // Sum of everything stored; reads the store once with all threads of the team: the yardstick of the passes.
  double streamRead(Team& team) const;

  const char* name() const noexcept override { return "dense"; }
  Field field() const noexcept override { return field_; }
  std::int64_t measurements() const noexcept override { return m_; }
  std::int64_t dimension() const noexcept override { return n_; }
  std::int64_t bytes() const noexcept override { return store_.bytes(); }
  std::int64_t bytesPerPass() const noexcept override { return store_.bytes(); }
  double squaredNorm() const noexcept override;

  std::unique_ptr<DesignWorkspace> workspace() const override;
  bool apply(const double* theta, double* r, DesignWorkspace& workspace, Team& team) const override;
  bool adjoint(const double* g, double* out, DesignWorkspace& workspace, Team& team) const override;
  bool applyAndAdjoint(const double* theta, double* r, const RowMap& map, double* out, DesignWorkspace& workspace,
                       Team& team) const override;
  void readRow(std::int64_t i, double* out) const override;
  void readColumn(std::int64_t j, double* out) const override;
  void squaredRowNorms(double* out) const override;

 private:
  class Workspace;
  template <class From>
  std::int64_t fillRows(std::int64_t firstRow, const From* values, std::int64_t rows);
  template <class From>
  bool storeRow(std::int64_t i, const From* values, double scale);
  template <class Function>
  bool forBlocks(Team& team, const Function& function) const;
  void loadTheta(const double* theta, Workspace& workspace) const;
  void applyBlock(std::int64_t row, std::int64_t count, const Workspace& workspace, double* r) const;
  void adjointBlock(std::int64_t row, std::int64_t count, Entries g, double* images) const;
  double* partialImages(Workspace& workspace, std::int64_t row, std::int64_t part) const;
  void finishImage(Workspace& workspace, double* out, Team& team) const;

  std::int64_t m_, n_;
  Field field_;
  std::int64_t components_;  // 1, complex: 2; rows of the store for one row of X, and images of a part
  std::int64_t stride_;      // doubles of a row of the store: n, padded with zeros
  std::int64_t block_;       // rows of X that are read from memory once and then added from cache
  std::int64_t parts_;       // fixed by the shape alone: the partition of rows that every pass sums over
  AlignedBuffer<double> store_;
  AlignedBuffer<double> rowSquaredNorms_;
};

}  // namespace lowrank
