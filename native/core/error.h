// The one error type of the core. It carries a code that the facade turns into a JavaScript error; nothing here prints.
#pragma once

#include <stdexcept>
#include <string>

namespace lowrank {

enum class ErrorCode {
  invalidArgument,  // a size, shape or option that the facade should have refused
  nonFinite,        // NaN or infinity where finite numbers are required
  numerical,        // LAPACK did not converge, or returned a non-finite answer
  memory,           // an allocation was refused or failed
  tooLarge,         // a dimension or workspace that does not fit LAPACK's 32-bit integers
};

class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const noexcept { return code_; }

 private:
  ErrorCode code_;
};

// The name that crosses the border, e.g. "NON_FINITE".
const char* errorCodeName(ErrorCode code) noexcept;

}  // namespace lowrank
