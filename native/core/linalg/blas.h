// The one header that declares BLAS and LAPACK: Fortran symbols with 32-bit integers (LP64), as OpenBLAS exports them.
// gfortran passes the length of every character argument as a hidden size_t after the visible arguments; OpenBLAS's own
// BLAS routines are written in C and do not look at them, its LAPACK is Fortran and may (gcc bug 90329).
#pragma once

#include <cstddef>
#include <cstdint>

namespace lowrank {
using blas_int = std::int32_t;
}

extern "C" {

void dgemm_(const char* transa, const char* transb, const lowrank::blas_int* m, const lowrank::blas_int* n,
            const lowrank::blas_int* k, const double* alpha, const double* a, const lowrank::blas_int* lda,
            const double* b, const lowrank::blas_int* ldb, const double* beta, double* c, const lowrank::blas_int* ldc,
            std::size_t transaLength, std::size_t transbLength);

void dgemv_(const char* trans, const lowrank::blas_int* m, const lowrank::blas_int* n, const double* alpha,
            const double* a, const lowrank::blas_int* lda, const double* x, const lowrank::blas_int* incx,
            const double* beta, double* y, const lowrank::blas_int* incy, std::size_t transLength);

void dsyrk_(const char* uplo, const char* trans, const lowrank::blas_int* n, const lowrank::blas_int* k,
            const double* alpha, const double* a, const lowrank::blas_int* lda, const double* beta, double* c,
            const lowrank::blas_int* ldc, std::size_t uploLength, std::size_t transLength);

void zgemm_(const char* transa, const char* transb, const lowrank::blas_int* m, const lowrank::blas_int* n,
            const lowrank::blas_int* k, const double* alpha, const double* a, const lowrank::blas_int* lda,
            const double* b, const lowrank::blas_int* ldb, const double* beta, double* c, const lowrank::blas_int* ldc,
            std::size_t transaLength, std::size_t transbLength);

// Triangular systems: many right-hand sides, and one.
void dtrsm_(const char* side, const char* uplo, const char* transa, const char* diag, const lowrank::blas_int* m,
            const lowrank::blas_int* n, const double* alpha, const double* a, const lowrank::blas_int* lda, double* b,
            const lowrank::blas_int* ldb, std::size_t sideLength, std::size_t uploLength, std::size_t transaLength,
            std::size_t diagLength);
void ztrsm_(const char* side, const char* uplo, const char* transa, const char* diag, const lowrank::blas_int* m,
            const lowrank::blas_int* n, const double* alpha, const double* a, const lowrank::blas_int* lda, double* b,
            const lowrank::blas_int* ldb, std::size_t sideLength, std::size_t uploLength, std::size_t transaLength,
            std::size_t diagLength);
void dtrsv_(const char* uplo, const char* trans, const char* diag, const lowrank::blas_int* n, const double* a,
            const lowrank::blas_int* lda, double* x, const lowrank::blas_int* incx, std::size_t uploLength,
            std::size_t transLength, std::size_t diagLength);
void ztrsv_(const char* uplo, const char* trans, const char* diag, const lowrank::blas_int* n, const double* a,
            const lowrank::blas_int* lda, double* x, const lowrank::blas_int* incx, std::size_t uploLength,
            std::size_t transLength, std::size_t diagLength);

// Cholesky.
void dpotrf_(const char* uplo, const lowrank::blas_int* n, double* a, const lowrank::blas_int* lda,
             lowrank::blas_int* info, std::size_t uploLength);
void zpotrf_(const char* uplo, const lowrank::blas_int* n, double* a, const lowrank::blas_int* lda,
             lowrank::blas_int* info, std::size_t uploLength);

// Singular values, divide and conquer.
void dgesdd_(const char* jobz, const lowrank::blas_int* m, const lowrank::blas_int* n, double* a,
             const lowrank::blas_int* lda, double* s, double* u, const lowrank::blas_int* ldu, double* vt,
             const lowrank::blas_int* ldvt, double* work, const lowrank::blas_int* lwork, lowrank::blas_int* iwork,
             lowrank::blas_int* info, std::size_t jobzLength);

// Singular values, implicit QR.
void dgesvd_(const char* jobu, const char* jobvt, const lowrank::blas_int* m, const lowrank::blas_int* n, double* a,
             const lowrank::blas_int* lda, double* s, double* u, const lowrank::blas_int* ldu, double* vt,
             const lowrank::blas_int* ldvt, double* work, const lowrank::blas_int* lwork, lowrank::blas_int* info,
             std::size_t jobuLength, std::size_t jobvtLength);

// Symmetric eigenvalues, divide and conquer.
void dsyevd_(const char* jobz, const char* uplo, const lowrank::blas_int* n, double* a, const lowrank::blas_int* lda,
             double* w, double* work, const lowrank::blas_int* lwork, lowrank::blas_int* iwork,
             const lowrank::blas_int* liwork, lowrank::blas_int* info, std::size_t jobzLength, std::size_t uploLength);

// Symmetric eigenvalues, implicit QL.
void dsyev_(const char* jobz, const char* uplo, const lowrank::blas_int* n, double* a, const lowrank::blas_int* lda,
            double* w, double* work, const lowrank::blas_int* lwork, lowrank::blas_int* info, std::size_t jobzLength,
            std::size_t uploLength);

// A = Q R, and Q made explicit.
void dgeqrf_(const lowrank::blas_int* m, const lowrank::blas_int* n, double* a, const lowrank::blas_int* lda,
             double* tau, double* work, const lowrank::blas_int* lwork, lowrank::blas_int* info);
void dorgqr_(const lowrank::blas_int* m, const lowrank::blas_int* n, const lowrank::blas_int* k, double* a,
             const lowrank::blas_int* lda, const double* tau, double* work, const lowrank::blas_int* lwork,
             lowrank::blas_int* info);

// Called by BLAS and LAPACK when an argument is wrong. Ours (checks.cc) takes the place of the library's, which prints.
void xerbla_(const char* routine, const lowrank::blas_int* argument, std::size_t routineLength);

char* openblas_get_config(void);
char* openblas_get_corename(void);
int openblas_get_num_threads(void);
void openblas_set_num_threads(int threads);

}  // extern "C"
