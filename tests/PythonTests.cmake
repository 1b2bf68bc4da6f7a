# sara_python_tests(PREFIX FILE): each test_* method of a unittest file becomes a test of ctest of its own,
# "prefix.what it says".
find_package(Python3 REQUIRED COMPONENTS Interpreter)

function(sara_python_tests prefix file)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${file})
  file(STRINGS ${file} lines REGEX "^(class|    def test_)")
  foreach(line ${lines})
    if(line MATCHES "^class ([A-Za-z0-9_]+)")
      set(class ${CMAKE_MATCH_1})
    elseif(line MATCHES "def test_([a-z0-9_]+)")
      add_test(NAME ${prefix}.${CMAKE_MATCH_1}
        COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/${file} ${class}.test_${CMAKE_MATCH_1})
      set_tests_properties(${prefix}.${CMAKE_MATCH_1} PROPERTIES TIMEOUT 120)
    endif()
  endforeach()
endfunction()
