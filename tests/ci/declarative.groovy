// Runs a declarative Jenkinsfile as Jenkins orders its parts, with the real commands of `sh`; an unknown step is an error.
// Arguments: the Jenkinsfile, the workspace. Prints a line for each step, and exits with the code of the command that failed.
import java.nio.file.FileSystems
import java.nio.file.Paths

class Failed extends RuntimeException {
    int code
}

class Stage {
    String name
    Closure steps
    Map<String, Closure> after = [:]

    void steps(Closure body) { steps = body }

    void post(Closure body) {
        body.delegate = new Post(stage: this)
        run(body)
    }

    static void run(Closure body) {
        body.resolveStrategy = Closure.DELEGATE_ONLY
        body()
    }
}

class Post {
    Stage stage

    void always(Closure body) { stage.after.always = body }
}

class Options {
    void timeout(Map limit) { assert limit.keySet() == ['time', 'unit'] as Set }
}

class Parameters {
    Map<String, String> values = [:]

    void string(Map one) { values[one.name] = one.defaultValue }

    void choice(Map one) { values[one.name] = one.choices[0] }
}

class Steps {
    File workspace
    Map<String, String> variables
    List<String> done

    void sh(String script) {
        def process = new ProcessBuilder('sh', '-xec', script).directory(workspace).redirectErrorStream(true)
        process.environment().putAll(variables)
        def running = process.start()
        running.outputStream.close()
        System.err << running.inputStream
        def code = running.waitFor()
        done << "sh ${code}"
        if (code) { throw new Failed(code: code) }
    }

    void archiveArtifacts(Map what) {
        assert what.keySet() == ['artifacts', 'allowEmptyArchive'] as Set
        done << "archiveArtifacts ${files(what.artifacts)}"
    }

    void junit(Map what) {
        assert what.keySet() == ['testResults', 'allowEmptyResults', 'skipMarkingBuildUnstable'] as Set
        done << "junit ${files(what.testResults)}"
    }

    void recordIssues(Map what) {
        assert what.keySet() == ['tool'] as Set
        done << "recordIssues ${files(what.tool.pattern)}"
    }

    Map sarif(Map what) { what }

    private String files(String pattern) {
        def matchers = pattern.split(', *').collect { FileSystems.default.getPathMatcher("glob:${it}") }
        workspace.list().findAll { name -> matchers.any { it.matches(Paths.get(name)) } }.sort().join(' ')
    }
}

class Pipeline {
    File workspace
    List<Stage> known = []
    Parameters given = new Parameters()
    def any = 'any'

    void agent(what) { assert what == 'any' }

    void options(Closure body) {
        body.delegate = new Options()
        Stage.run(body)
    }

    void parameters(Closure body) {
        body.delegate = given
        Stage.run(body)
    }

    void stages(Closure body) {
        body.delegate = this
        Stage.run(body)
    }

    void stage(String name, Closure body) {
        known << new Stage(name: name)
        body.delegate = known[-1]
        Stage.run(body)
    }

    int execute() {
        int code = 0
        for (stage in known) {
            if (code) {
                println "skipped: ${stage.name}"
                continue
            }
            def steps = new Steps(workspace: workspace, variables: given.values + overridden(), done: [])
            try {
                stage.steps.delegate = steps
                Stage.run(stage.steps)
            } catch (Failed failed) {
                code = failed.code
            }
            def always = stage.after.always
            if (always != null) {
                always.delegate = steps
                Stage.run(always)
            }
            steps.done.each { println "${stage.name}: ${it}" }
        }
        code
    }

    private Map<String, String> overridden() { System.getenv().subMap(given.values.keySet()).findAll { it.value } }
}

def pipeline = new Pipeline(workspace: new File(args[1]))
def binding = new Binding(pipeline: { Closure body ->
    body.delegate = pipeline
    Stage.run(body)
})
new GroovyShell(this.class.classLoader, binding).evaluate(new File(args[0]))
System.exit(pipeline.execute())
