// Sdkgen writes the SDKs that `pulumi package gen-sdk` makes of a schema on a user's machine, with the engine's own
// generators, where no language host is at hand that can.
//
//	go run . SCHEMA FOLDER LANGUAGE...
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	gogen "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

const tool = "sdkgen"

// What a schema refers to in other packages would be loaded by their plugins; ours refers to none.
var loader = schema.NewPluginLoader(nil)

var generators = map[string]func(*schema.Package) (map[string][]byte, error){
	"nodejs": func(pkg *schema.Package) (map[string][]byte, error) {
		return nodejs.GeneratePackage(tool, pkg, nil, nil, false, loader)
	},
	"python": func(pkg *schema.Package) (map[string][]byte, error) {
		return python.GeneratePackage(tool, pkg, nil, loader)
	},
	"go": func(pkg *schema.Package) (map[string][]byte, error) {
		return gogen.GeneratePackage(tool, pkg, nil)
	},
}

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: sdkgen SCHEMA FOLDER LANGUAGE...")
		os.Exit(2)
	}
	for _, language := range os.Args[3:] {
		if err := generate(os.Args[1], filepath.Join(os.Args[2], language), language); err != nil {
			fmt.Fprintf(os.Stderr, "sdkgen: %s: %s\n", language, err)
			os.Exit(1)
		}
	}
}

// generate binds the schema anew for each language, since a generator leaves its settings in what it is given.
func generate(file, folder, language string) error {
	generator, ok := generators[language]
	if !ok {
		return fmt.Errorf("no such language")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return err
	}
	pkg, diagnostics, err := schema.BindSpec(spec, loader, schema.ValidationOptions{})
	if err != nil {
		return err
	}
	// Warnings, too: there is nothing in a schema of our own that should have to be warned about.
	if len(diagnostics) > 0 {
		return errors.Join(diagnostics.Errs()...)
	}
	files, err := generator(pkg)
	if err != nil {
		return err
	}
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}
