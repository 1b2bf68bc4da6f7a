// The form of HTTP RPC and what stands in it: nothing crashes, params are always an object that the
// input holds, and every answer is JSON with the caller's sn.
#include <simdjson.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "form.h"
#include "rpc_answer.h"
#include "rpc_request.h"

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

void checkAnswer(const std::string& text, const std::string& sn) {
    simdjson::dom::parser parser;
    simdjson::dom::object object;
    require(parser.parse(text).get(object) == simdjson::SUCCESS);
    std::string_view back;
    require(object["sn"].get(back) == simdjson::SUCCESS && back == sn);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using sara::rpc_http::RpcRequest;
    const std::string input(reinterpret_cast<const char*>(data), size);
    const auto field = sara::rpc_http::formField(input, "body");
    (void)sara::rpc_http::isForm(input);
    for (const std::string& body : {field.value_or(""), input}) {
        const auto request = RpcRequest::parse(body);
        if (!request) continue;
        require(request->params == "{}" || body.find(request->params) != std::string::npos);
        require(request->params.front() == '{' && request->params.back() == '}');
        simdjson::dom::parser parser;
        simdjson::dom::object params;
        require(parser.parse(request->params).get(params) == simdjson::SUCCESS);
        if (request->sn)
            checkAnswer(sara::rpc_http::rpcAnswer(request->sn, true, "{}"), *request->sn);
        (void)sara::rpc_http::rpcError("1002", request->method);
    }
    return 0;
}
