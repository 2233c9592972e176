// A test framework of one page. In a test file:
//   TEST(sumIsExact) { CHECK(1 + 1 == 2); CHECK_NEAR(std::sqrt(2.0), 1.41421, 1e-5); }
// A failing check is printed with its place and values, and the case goes on. main.cc runs all cases, or those whose
// names contain one of the arguments.
#pragma once

#include <cmath>
#include <cstdint>
#include <iomanip>
#include <sstream>
#include <string>

#include "error.h"

namespace lowrank::test {

using CaseBody = void (*)();
bool registerCase(const char* name, const char* file, CaseBody body);
void reportFailure(const char* file, int line, const std::string& message);

// Calls of malloc, calloc, realloc, operator new and their aligned kin so far, by any thread and any library of the
// process. They mean something only where heapCounting() is true: with glibc, without a sanitizer, which brings its own
// heap, and with an OpenBLAS that does not allocate by itself (it does with several threads, and its AVX-512 kernels
// for small products pack into malloc'ed memory).
std::int64_t heapAllocations() noexcept;
bool heapCounting();

template <class T>
std::string show(const T& value) {
  std::ostringstream out;
  out << std::setprecision(17) << value;
  return out.str();
}

inline void check(bool condition, const char* expression, const char* file, int line) {
  if (!condition) reportFailure(file, line, expression);
}

template <class A, class B>
void checkEqual(const A& a, const B& b, const char* textA, const char* textB, const char* file, int line) {
  if (a == b) return;
  reportFailure(file, line, std::string(textA) + " == " + textB + ": " + show(a) + " and " + show(b));
}

// Written so that NaN fails.
inline void checkNear(double value, double expected, double tolerance, const char* text, const char* file, int line) {
  if (std::abs(value - expected) <= tolerance) return;
  reportFailure(file, line,
                std::string(text) + ": " + show(value) + " is not within " + show(tolerance) + " of " + show(expected));
}

inline void checkBelow(double value, double bound, const char* text, const char* file, int line) {
  if (value < bound) return;
  reportFailure(file, line, std::string(text) + ": " + show(value) + " is not below " + show(bound));
}

template <class Body>
void checkThrows(ErrorCode code, const Body& body, const char* text, const char* file, int line) {
  const std::string wanted = std::string(text) + ": wanted " + errorCodeName(code) + ", got ";
  try {
    body();
  } catch (const Error& error) {
    if (error.code() != code) reportFailure(file, line, wanted + errorCodeName(error.code()) + ": " + error.what());
    return;
  } catch (const std::exception& error) {
    reportFailure(file, line, wanted + "another exception: " + error.what());
    return;
  }
  reportFailure(file, line, wanted + "no exception");
}

}  // namespace lowrank::test

#define TEST(name)                                                                                            \
  static void name();                                                                                         \
  [[maybe_unused]] static const bool name##Registered = ::lowrank::test::registerCase(#name, __FILE__, name); \
  static void name()

#define CHECK(condition) ::lowrank::test::check(static_cast<bool>(condition), #condition, __FILE__, __LINE__)
#define CHECK_EQUAL(a, b) ::lowrank::test::checkEqual((a), (b), #a, #b, __FILE__, __LINE__)
#define CHECK_NEAR(value, expected, tolerance) \
  ::lowrank::test::checkNear((value), (expected), (tolerance), #value, __FILE__, __LINE__)
#define CHECK_BELOW(value, bound) ::lowrank::test::checkBelow((value), (bound), #value, __FILE__, __LINE__)
#define CHECK_THROWS(code, expression) \
  ::lowrank::test::checkThrows((code), [&] { (void)(expression); }, #expression, __FILE__, __LINE__)
