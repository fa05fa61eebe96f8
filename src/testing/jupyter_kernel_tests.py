"""The tests of jupyter_kernel_test, told what to try in TypeScript: python jupyter_kernel_tests.py, in the environment of `npm run lab`."""

import unittest

import jupyter_kernel_test


class EstaKernelTests(jupyter_kernel_test.KernelTests):
    kernel_name = "esta"
    language_name = "typescript"
    file_extension = ".ts"
    code_hello_world = "console.log('hello, world')"
    code_stderr = "console.error('to stderr')"
    completion_samples = [{"text": "conso", "matches": {"console"}}, {"text": "Math.flo", "matches": {"floor"}}]
    complete_code_samples = ["1", "const x = 3", "function f() { return 1 }"]
    incomplete_code_samples = ["function f() {", "const x = (", "if (true) {"]
    code_inspect_sample = "console"
    code_generate_error = "throw new Error('wanted')"
    code_execute_result = [{"code": "1 + 2 + 3", "result": "6"}]
    code_display_data = [
        {"code": "import { display } from 'tslab'; display.html('<b>x</b>')", "mime": "text/html"},
        {"code": "display.png(Buffer.from('aaaa'))", "mime": "image/png"},
    ]


if __name__ == "__main__":
    unittest.main()
