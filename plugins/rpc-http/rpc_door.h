// From a request's form to its answer. Decides the order of the checks (form, service, method,
// token, call) and their error codes, as the clients of the earlier server know them.
#pragma once
#include <sara/metrics.hpp>
#include <string>
#include <string_view>

#include "loop_calls.h"
#include "rpc_request.h"
#include "token_guard.h"

namespace sara::rpc_http {

struct DoorAnswer {
    int status = 200;  // HTTP; 429 when the address gave too many wrong tokens
    std::string body;
};

class RpcDoor {
  public:
    // [control] All of them outlive this.
    RpcDoor(const Host& host, TokenGuard& guard, LoopCalls& calls);

    // From a thread that may wait. query and form: what may hold the field "body"; the form goes
    // first. address: the caller's, without port.
    DoorAnswer answer(std::string_view form, std::string_view query, std::string_view address);

  private:
    DoorAnswer run(const RpcRequest& request, std::string_view address);
    std::string entityOf(const CallResult& result) const;

    const Host& host_;
    TokenGuard& guard_;
    LoopCalls& calls_;
    Counter requests_, malformed_, unknown_, wrong_tokens_, barred_, failed_;
};

}  // namespace sara::rpc_http
