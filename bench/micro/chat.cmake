find_package(benchmark REQUIRED)
add_executable(chat_bench chat_bench.cpp)
target_include_directories(chat_bench PRIVATE ${PROJECT_SOURCE_DIR}/tests/kernel/chat)
target_link_libraries(chat_bench PRIVATE sara_chat simdjson::simdjson benchmark::benchmark_main
  sara_build)
